import { resolveOptions, type EverybeatOptions } from '../../options/options.js'
import { closeClient, openLockNode } from './client.js'
import type { RedisClient } from '../redis-client.js'

/** A connection for other programs on the Redis of a fleet, such as exporters. */
export interface OpenedRedis {
  /** The ioredis client: the given one, or a new one. */
  readonly client: RedisClient
  /** The checked prefix, or the default. */
  readonly prefix: string
  /** Closes the connection if it was opened here; a given client stays open. */
  close(): Promise<void>
}

/**
 * Connects to the Redis of an instance with the same options, or uses the given live client. A command on an opened
 * connection fails when the connection is lost, so that no caller waits without end.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function openRedis(options: Pick<EverybeatOptions, 'redis' | 'tls' | 'prefix'> = {}): OpenedRedis {
  const { redis, prefix } = resolveOptions(options, process.env)
  const { client, owned } = openLockNode(redis)
  return { client, prefix, close: async () => (owned ? await closeClient(client) : undefined) }
}
