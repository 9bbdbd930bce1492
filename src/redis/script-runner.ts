import type { Cluster, Redis } from 'ioredis'
import { SCRIPTS } from './scripts/generated.js'

/** A live client of ioredis: one server, Sentinel, or a Cluster. */
export type RedisClient = Redis | Cluster

/** The name of an embedded script. */
export type ScriptName = keyof typeof SCRIPTS

type KeysOf<Name extends ScriptName> = { [Key in (typeof SCRIPTS)[Name]['keys'][number]]: string }
type ArgsOf<Name extends ScriptName> = { [Arg in (typeof SCRIPTS)[Name]['args'][number]]: string | number }

/**
 * Calls a script by its digest, and by its text where the server has forgotten it (a restart, `SCRIPT FLUSH`, a
 * failover). Keys and arguments go by name; a missing one does not compile. Uses plain `EVALSHA`: the client may be the
 * user's, so nothing is defined on it.
 */
export async function runScript<Name extends ScriptName>(
  client: RedisClient,
  name: Name,
  keys: KeysOf<Name>,
  args: ArgsOf<Name>,
  rest: readonly (string | number)[] = [],
): Promise<unknown> {
  const { script, keyCount, list } = toCall(name, keys, args, rest)
  try {
    return await client.evalsha(script.sha1, keyCount, ...list)
  } catch (error) {
    if (!isForgotten(error)) throw error
    return await client.eval(script.text, keyCount, ...list)
  }
}

/** How many replicas have to hold what a script wrote, and how long to wait for them. */
export interface Acknowledgement {
  readonly replicas: number
  readonly timeoutMs: number
}

/**
 * Calls a script and waits until enough replicas have what it wrote. Both commands go out together: `WAIT` speaks of
 * the writes of its own connection, so the client must not send the one again without the other after a reconnect.
 */
export async function runAcknowledged<Name extends ScriptName>(
  client: RedisClient,
  { replicas, timeoutMs }: Acknowledgement,
  name: Name,
  keys: KeysOf<Name>,
  args: ArgsOf<Name>,
  rest: readonly (string | number)[] = [],
): Promise<{ reply: unknown; isAcknowledged: boolean }> {
  const { script, keyCount, list } = toCall(name, keys, args, rest)
  const send = async (isKnown: boolean): Promise<{ reply: unknown; isAcknowledged: boolean }> => {
    const pipeline = client.pipeline()
    if (isKnown) pipeline.evalsha(script.sha1, keyCount, ...list)
    else pipeline.eval(script.text, keyCount, ...list)
    const results = await pipeline.wait(replicas, timeoutMs).exec()
    const [[error, reply] = [new Error('the connection was lost')], [waitError, count] = [new Error('no answer')]] =
      results ?? []
    if (error) throw error
    return { reply, isAcknowledged: !waitError && Number(count) >= replicas }
  }
  try {
    return await send(true)
  } catch (error) {
    if (!isForgotten(error)) throw error
    return await send(false)
  }
}

function isForgotten(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOSCRIPT')
}

function toCall<Name extends ScriptName>(
  name: Name,
  keys: KeysOf<Name>,
  args: ArgsOf<Name>,
  rest: readonly (string | number)[],
) {
  const script = SCRIPTS[name]
  const list: (string | number)[] = []
  for (const key of script.keys) list.push(keys[key as keyof KeysOf<Name>])
  const keyCount = list.length
  for (const arg of script.args) list.push(args[arg as keyof ArgsOf<Name>])
  for (const value of rest) list.push(value)
  return { script, keyCount, list }
}
