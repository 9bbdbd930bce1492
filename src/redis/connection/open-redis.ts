import { resolveOptions, type EverybeatOptions } from '../../options/options.js'
import { closeClient, openLockNode } from './client.js'
import type { RedisClient } from '../redis-client.js'

/** A connection for what runs beside Everybeat on the same Redis. */
export interface OpenedRedis {
  /** The ioredis client: the one that was given, or a new one. */
  readonly client: RedisClient
  /** Checked; the default where none was given. */
  readonly prefix: string
  /** Closes the connection when it was opened here; a client that was given stays open. */
  close(): Promise<void>
}

/**
 * Connects to the Redis that an instance with the same options would use, or takes the live client that it is given. A
 * command of an opened connection fails when the connection is lost, so that no caller waits for Redis without end.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function openRedis(options: Pick<EverybeatOptions, 'redis' | 'tls' | 'prefix'> = {}): OpenedRedis {
  const { redis, prefix } = resolveOptions(options, process.env)
  const { client, owned } = openLockNode(redis)
  return { client, prefix, close: async () => (owned ? await closeClient(client) : undefined) }
}
