import type { RedisClient } from '../redis-client.js'
import type { DurabilityOptions } from '../../options/redis-source.js'
import { explainServerError } from '../connection/server-errors.js'
import { databaseOf } from '../database.js'
import { SCRIPTS } from './generated.js'
import type { ScriptReplies } from './script-replies.js'

/** The name of an embedded script. */
export type ScriptName = keyof typeof SCRIPTS

type KeysOf<Name extends ScriptName> = { [Key in (typeof SCRIPTS)[Name]['keys'][number]]: string }
type ArgsOf<Name extends ScriptName> = { [Arg in (typeof SCRIPTS)[Name]['args'][number]]: string | number }

/** The input of a script: keys and arguments by the names of its header; a missing one does not compile. */
export interface ScriptInput<Name extends ScriptName, Value = string | number> {
  readonly keys: KeysOf<Name>
  readonly args: ArgsOf<Name>
  /** The values of the last argument, if the header of the script gives it any length; default: none. */
  readonly rest?: readonly Value[]
}

/**
 * Calls a script by its digest, or by its text if the server does not hold it (after a restart, `SCRIPT FLUSH` or
 * failover). Uses plain `EVALSHA`: the client may be the user's, so no command is defined on it.
 */
export async function runScript<Name extends ScriptName>(
  client: RedisClient,
  name: Name,
  input: ScriptInput<Name>,
): Promise<ScriptReplies[Name]> {
  const { sha1, text, keyCount, list } = gather(client, name, input)
  try {
    try {
      return (await client.evalsha(sha1, keyCount, ...list)) as ScriptReplies[Name]
    } catch (error) {
      if (!isForgotten(error)) throw error
      return (await client.eval(text, keyCount, ...list)) as ScriptReplies[Name]
    }
  } catch (error) {
    throw explainServerError(error, client)
  }
}

/** Calls a script with binary values: every string of the reply is a Buffer. */
export async function runScriptOnBytes<Name extends ScriptName>(
  client: RedisClient,
  name: Name,
  input: ScriptInput<Name, string | number | Buffer>,
): Promise<ScriptReplies[Name]> {
  const { sha1, text, keyCount, list } = gather(client, name, input)
  try {
    return (await client.callBuffer('evalsha', sha1, keyCount, ...list)) as ScriptReplies[Name]
  } catch (error) {
    if (!isForgotten(error)) throw error
    return (await client.callBuffer('eval', text, keyCount, ...list)) as ScriptReplies[Name]
  }
}

/**
 * Calls a script and waits until enough replicas hold its writes. Both commands are sent together, because `WAIT`
 * covers the writes of its own connection: after a reconnect the client must not resend one without the other.
 */
export async function runAcknowledged<Name extends ScriptName>(
  client: RedisClient,
  { replicas, timeoutMs }: Readonly<DurabilityOptions>,
  name: Name,
  input: ScriptInput<Name>,
): Promise<{ reply: ScriptReplies[Name]; isAcknowledged: boolean }> {
  const { sha1, text, keyCount, list } = gather(client, name, input)
  const send = async (isKnown: boolean): Promise<{ reply: ScriptReplies[Name]; isAcknowledged: boolean }> => {
    const pipeline = client.pipeline()
    if (isKnown) pipeline.evalsha(sha1, keyCount, ...list)
    else pipeline.eval(text, keyCount, ...list)
    const results = await pipeline.wait(replicas, timeoutMs).exec()
    const [[error, reply] = [new Error('the connection was lost')], [waitError, count] = [new Error('no answer')]] =
      results ?? []
    if (error) throw error
    return { reply: reply as ScriptReplies[Name], isAcknowledged: !waitError && Number(count) >= replicas }
  }
  try {
    return await send(true)
  } catch (error) {
    if (isForgotten(error)) return await send(false)
    // ioredis follows a moved slot only if each command of the pipeline is redirected, but any node answers `WAIT`.
    if ('nodes' in client && isSentAway(error)) client.refreshSlotsCache()
    throw error
  }
}

/**
 * The last part of a key that never exists. While a slot of a Cluster moves, its new node answers `TRYAGAIN` to a call
 * with a key that it does not hold. So no script runs on a half of a shard, and no script writes a key that the rest of
 * the move would overwrite.
 */
const ABSENT_KEY = ':absent'

function gather<Name extends ScriptName, Value>(
  client: RedisClient,
  name: Name,
  { keys, args, rest = [] }: ScriptInput<Name, Value>,
): { sha1: string; text: string; keyCount: number; list: (string | number | Value)[] } {
  const script = SCRIPTS[name]
  const list: (string | number | Value)[] = []
  for (const key of script.keys) list.push(keys[key as keyof KeysOf<Name>])
  if ('nodes' in client) list.push(absentKeyBeside(list[0] as string))
  const keyCount = list.length
  const database = databaseOf(client)
  for (const arg of script.args) {
    const value = args[arg as keyof ArgsOf<Name>]
    // A script cannot read the number of its database.
    list.push(arg === 'channel' && database !== 0 ? `${value}\n${database}` : value)
  }
  for (const value of rest) list.push(value)
  return { sha1: script.sha1, text: script.text, keyCount, list }
}

function absentKeyBeside(key: string): string {
  return key.slice(0, key.indexOf('}') + 1) + ABSENT_KEY
}

function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOSCRIPT')
}

function isSentAway(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|CLUSTERDOWN) /.test(error.message)
}
