import { Redis } from 'ioredis'
import { EverybeatError } from '../../index.js'

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Opens the Redis of another system for reading, lends it, and closes it.
 *
 * @param url redis:// or rediss:// URL, with the number of the database
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when the server cannot be reached; a password is not repeated
 */
export async function withSourceRedis<Result>(url: string, read: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: 'everybeat-import',
  })
  let cause: unknown
  redis.on('error', (error: Error) => (cause ??= error))
  try {
    await redis.connect()
  } catch (error) {
    redis.disconnect()
    const message = `--source ${withoutPassword(url)} cannot be reached: ${((cause ?? error) as Error).message}`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { cause: cause ?? error })
  }
  try {
    return await read(redis)
  } finally {
    redis.disconnect()
  }
}

function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:@/]*):[^@/]*@/, '$1:***@')
}
