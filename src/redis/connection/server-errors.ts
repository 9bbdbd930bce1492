import { EverybeatError } from '../../errors.js'
import type { RedisClient } from '../redis-client.js'
import { addressOf } from './address.js'

/** The errors of servers that cannot serve a fleet, each with the server to pass instead. */
const WRONG_SERVERS: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /^(MOVED|ASK) \d|CROSSSLOT/,
    'is a node of a Cluster: pass a live `Cluster` of ioredis as `redis`, so that each command reaches the node of its key',
  ],
  [
    /unknown command ['`]?(evalsha|eval)\b/i,
    'does not run scripts. If it is a Sentinel, pass `redis: { sentinels: [{ host, port }], name }` with the name of its group',
  ],
  [
    /unknown command ['`]?hmget\b/i,
    'keeps no hashes. If it is a Sentinel, pass `redis: { sentinels: [{ host, port }], name }` with the name of its group',
  ],
  [
    /READONLY You can't write/,
    'is a replica and refuses writes: pass the address of the primary, or `redis: { sentinels, name }` if sentinels know it',
  ],
]

/**
 * Turns the error of a server that cannot serve a fleet into an error that says what to pass instead; returns any other
 * error unchanged.
 */
export function explainServerError(error: unknown, client: RedisClient): unknown {
  if (!(error instanceof Error) || 'nodes' in client) return error
  const known = WRONG_SERVERS.find(([pattern]) => pattern.test(error.message))
  if (!known) return error
  const message = `Redis at ${addressOf(client)} ${known[1]} (it answered: ${firstLine(error.message)})`
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', cause: error })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 200)
}
