import type { DefinitionWrite, PutReply } from '../../control/store.js'
import type { Keys } from '../keys.js'
import { agreeOnLayout, assertLayout, type ExpectedLayout } from '../layout.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** Most definitions in one call: a call blocks Redis for a millisecond or two. */
const CALL_COUNT = 50
/** Most arguments in one call; Lua passes some 8 000 at once. */
const CALL_ARGS = 4_000
/** Most text in one call, characters. */
const CALL_LENGTH = 256 * 1024
/** Most calls in flight: enough to keep Redis busy, few enough that calls of others come between. */
const PIPELINED_CALLS = 16

/** Writes definitions, many in a call and many calls at once. */
export type WriteDefinitions = (writes: readonly DefinitionWrite[]) => Promise<PutReply[]>

/** The keys of the shards, and the expected layout. */
export interface DefinitionWriterOptions {
  readonly client: RedisClient
  readonly expected: ExpectedLayout
  readonly keysOf: (name: string) => Keys
  readonly generation: string
}

/** Creates the writer of a store. Its promise rejects when the keys belong to another number of shards. */
export function createDefinitionWriter(options: DefinitionWriterOptions): WriteDefinitions {
  const { client, expected, keysOf, generation } = options
  let agreed: Promise<void> | null = null

  /** The number of several shards is also stored in the key that instances with one shard read. */
  async function agree(): Promise<void> {
    if (expected.shards === 1) return
    agreed ??= agreeOnLayout(client, expected, generation)
    await agreed.catch((error: unknown) => {
      agreed = null
      throw error
    })
  }

  async function send({ keys, args }: Call): Promise<PutReply[]> {
    const raw = await runScript(client, 'put-definitions', {
      keys: { due: keys.due, names: keys.names, meta: keys.meta },
      args: { tag: keys.tag, channel: keys.wake, shards: expected.shards },
      rest: args,
    })
    if (raw[0] === 'elsewhere') assertLayout(expected, { layout: String(raw[1]), shards: String(raw[2]) })
    return raw.flatMap((outcome, index) =>
      index % 2 === 1 ? [] : [{ outcome: outcome as PutReply['outcome'], revision: Number(raw[index + 1]) }],
    )
  }

  return async (writes) => {
    await agree()
    const calls = gatherCalls(writes, keysOf)
    const replies = new Array<PutReply>(writes.length)
    let next = 0
    async function work(): Promise<void> {
      for (let call = calls[next++]; call; call = calls[next++]) {
        const outcomes = await send(call)
        for (const [position, index] of call.indexes.entries()) replies[index] = outcomes[position]!
      }
    }
    await Promise.all(Array.from({ length: PIPELINED_CALLS }, work))
    return replies
  }
}

interface Call {
  readonly keys: Keys
  readonly indexes: number[]
  readonly args: (string | number)[]
  length: number
}

/** Groups writes by shard into calls of bounded size. */
function gatherCalls(writes: readonly DefinitionWrite[], keysOf: (name: string) => Keys): Call[] {
  const calls: Call[] = []
  const open = new Map<string, Call>()
  for (const [index, write] of writes.entries()) {
    const keys = keysOf(write.name)
    const args = groupOf(write)
    const length = args.reduce<number>((sum, arg) => sum + String(arg).length, 0)
    let call = open.get(keys.tag)
    const isFull =
      !call ||
      call.indexes.length >= CALL_COUNT ||
      call.args.length + args.length > CALL_ARGS ||
      call.length + length > CALL_LENGTH
    if (!call || isFull) {
      call = { keys, indexes: [], args: [], length: 0 }
      open.set(keys.tag, call)
      calls.push(call)
    }
    call.indexes.push(index)
    for (const arg of args) call.args.push(arg)
    call.length += length
  }
  return calls
}

/** The arguments of one definition, in the order of the script's header. */
function groupOf(write: DefinitionWrite): (string | number)[] {
  const fields = Object.entries(write.fields)
  return [
    write.name,
    write.ifRevision ?? '',
    write.ifDigest ?? '',
    write.trigger,
    write.plan,
    write.mayBePast ? 1 : 0,
    write.periodMs ?? '',
    write.graceMs ?? '',
    write.removalMs ?? '',
    write.isClosed ? 1 : 0,
    write.declaration?.expected ?? '',
    write.declaration?.text ?? '',
    write.editor.by,
    write.editor.via,
    describeEdit(write),
    fields.length,
    ...fields.flat(),
  ]
}

/** The facts of an edit beyond a plain one, in the form that the script stores; empty for none. */
function describeEdit({ kind, conflicts }: DefinitionWrite): string {
  if (kind === 'edit' && conflicts.length === 0) return ''
  return JSON.stringify({ k: kind, ...(conflicts.length === 0 ? {} : { c: conflicts }) })
}
