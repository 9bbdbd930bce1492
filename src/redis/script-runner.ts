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
  const script = SCRIPTS[name]
  const list: (string | number)[] = []
  for (const key of script.keys) list.push(keys[key as keyof KeysOf<Name>])
  const keyCount = list.length
  for (const arg of script.args) list.push(args[arg as keyof ArgsOf<Name>])
  for (const value of rest) list.push(value)
  try {
    return await client.evalsha(script.sha1, keyCount, ...list)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error
    return await client.eval(script.text, keyCount, ...list)
  }
}
