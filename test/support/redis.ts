import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { type RedisServer, type RedisServerOptions, startRedisServer } from '../../src/testing/redis-server.js'

/** The server of a suite, with a client of its own that looks at it from outside. */
export type SuiteRedis = Pick<RedisServer, 'url' | 'port' | 'pid' | 'kill' | 'restart'> & {
  /** A client for the test itself; it is opened at the first use and closed after the suite. */
  readonly client: Redis
  /** A new client, by default of this server, that is closed after the suite. */
  connect(url?: string): Redis
}

/**
 * Gives a file's tests, or a `describe` block's, a Redis server of their own: started before the first test, stopped
 * after the last. Call it where hooks may be called; use what it gives inside tests and hooks only.
 */
export function useRedis(options: RedisServerOptions = {}): SuiteRedis {
  let server: RedisServer | undefined
  let client: Redis | undefined
  const clients: Redis[] = []
  const running = (): RedisServer => {
    if (server === undefined) throw new Error('The Redis server of this suite runs inside tests and hooks only.')
    return server
  }
  const connect = (url = running().url): Redis => {
    const connected = new Redis(url, { maxRetriesPerRequest: null })
    // A test that kills the server on purpose does not expect its error here.
    connected.on('error', () => {})
    clients.push(connected)
    return connected
  }
  beforeAll(async () => {
    server = await startRedisServer(options)
  })
  afterAll(async () => {
    for (const connected of clients) connected.disconnect()
    await server?.stop()
  })
  return {
    get url() {
      return running().url
    },
    get port() {
      return running().port
    },
    get pid() {
      return running().pid
    },
    get client() {
      return (client ??= connect())
    },
    connect,
    kill: (signal) => running().kill(signal),
    restart: () => running().restart(),
  }
}

/** The version of Redis that the server is, or says to be compatible with: 6.2, 7, 7.4. */
export async function redisVersion(client: Redis): Promise<number> {
  return Number(/^redis_version:(\d+\.\d+)/m.exec(await client.info('server'))?.[1])
}

let prefixCount = 0

/** A prefix that no other test of this suite uses, so that tests can share a server. */
export function uniquePrefix(label = 'test'): string {
  prefixCount += 1
  return `${label}-${process.pid}-${prefixCount}`
}
