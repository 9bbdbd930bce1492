import { Redis, type Cluster, type RedisOptions } from 'ioredis'
import { EverybeatError } from '../errors.js'
import type { RedisClient } from './script-runner.js'

/** A connection and who has to close it. */
export interface Connection {
  readonly client: RedisClient
  /** Whether Everybeat opened it; a client that the user gave is never changed nor closed. */
  readonly owned: boolean
  readonly isCluster: boolean
}

const SILENT = () => {}

/** Settings of the connections that Everybeat opens: commands wait for a reconnect rather than fail, and nothing hangs. */
const OWN_SETTINGS: RedisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: true,
  lazyConnect: true,
  keepAlive: 10_000,
  socketTimeout: 15_000,
  // Sentinels leave a primary that they replace, and that lives, as it is for ten seconds: what is written there is lost.
  failoverDetector: true,
  connectionName: 'everybeat',
  retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 6), 1_000) * (0.75 + Math.random() / 2),
}

function isLive(redis: unknown): redis is RedisClient {
  return typeof redis === 'object' && redis !== null && 'duplicate' in redis && 'status' in redis
}

/** Opens the command connection, or takes the live client that the user gave. Does not wait for it. */
export function openConnection(redis: string | RedisOptions | RedisClient): Connection {
  if (isLive(redis)) return { client: redis, owned: false, isCluster: 'nodes' in redis }
  const client = typeof redis === 'string' ? new Redis(redis, OWN_SETTINGS) : new Redis({ ...OWN_SETTINGS, ...redis })
  client.on('error', SILENT)
  client.connect().catch(SILENT)
  return { client, owned: true, isCluster: false }
}

const SUBSCRIBER_SETTINGS: RedisOptions = {
  lazyConnect: false,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  autoResubscribe: true,
  keepAlive: 10_000,
  socketTimeout: undefined as never,
  connectionName: 'everybeat-subscriber',
}

/** A connection of its own to one node of a Cluster, for subscriptions; always ours to close. */
export function duplicateNode(node: Redis): Redis {
  const { retryStrategy } = OWN_SETTINGS
  const client = node.duplicate({ ...SUBSCRIBER_SETTINGS, readOnly: false, retryStrategy: retryStrategy! })
  client.on('error', SILENT)
  return client
}

/** A second connection with the settings of the first, for subscriptions; always ours to close. */
export function duplicateConnection(connection: Connection): RedisClient {
  const client = connection.isCluster
    ? duplicateCluster(connection.client as Cluster, { socketTimeout: undefined as never })
    : (connection.client as Redis).duplicate(SUBSCRIBER_SETTINGS)
  client.on('error', SILENT)
  return client
}

/** What `duplicate` is told of the nodes takes the place of all that was said of them: the password, TLS. */
function duplicateCluster(client: Cluster, settings: RedisOptions): Cluster {
  return client.duplicate([], { redisOptions: { ...client.options.redisOptions, ...settings } })
}

/**
 * A connection for claims that wait for replicas: what was under way when it broke is not sent again by itself, so that
 * a confirmation always speaks of the claim that it belongs to. Always ours to close.
 */
export function duplicateForClaims(connection: Connection): RedisClient {
  // Without resending, ioredis forgets what was under way and never answers it, unless every loss gives it up.
  const settings = {
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectionName: 'everybeat-claims',
  }
  const client = connection.isCluster
    ? duplicateCluster(connection.client as Cluster, settings)
    : (connection.client as Redis).duplicate({ ...OWN_SETTINGS, ...settings, lazyConnect: false })
  client.on('error', SILENT)
  return client
}

/** Opens the connection to a lock node: it answers soon, or has no vote. */
export function openLockNode(redis: string | RedisOptions | RedisClient): Connection {
  if (isLive(redis)) return { client: redis, owned: false, isCluster: 'nodes' in redis }
  const settings = { ...OWN_SETTINGS, maxRetriesPerRequest: 0, lazyConnect: false, connectionName: 'everybeat-locks' }
  const client = typeof redis === 'string' ? new Redis(redis, settings) : new Redis({ ...settings, ...redis })
  client.on('error', SILENT)
  return { client, owned: true, isCluster: false }
}

/** Where a client connects to, without user names and passwords: safe for messages and logs. */
export function addressOf(client: RedisClient): string {
  if ('nodes' in client) return 'the cluster'
  const { host, port, path, sentinels, name } = client.options
  if (sentinels) return `sentinel group ${name ?? ''}`.trim()
  return path ?? `${host ?? '127.0.0.1'}:${port ?? 6379}`
}

/** An error of the connection without the command that met it: that may be the password. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error
  const { command: _command, ...rest } = error as Error & { command: unknown }
  return Object.assign(new Error(error.message), rest, { name: error.name, stack: error.stack })
}

/**
 * Waits until the client is ready.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after `timeoutMs`, with the last error of the connection as cause
 */
export async function waitUntilReady(client: RedisClient, timeoutMs: number): Promise<void> {
  if (client.status === 'ready') return
  if (client.status === 'wait') client.connect().catch(SILENT)
  await new Promise<void>((resolve, reject) => {
    let lastError: unknown
    const onError = (error: unknown) => (lastError = withoutCommand(error))
    const onReady = () => finish(resolve)
    const onEnd = () => {
      const message = `the connection to Redis at ${addressOf(client)} was closed`
      finish(() => reject(new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis' })))
    }
    const timer = setTimeout(() => {
      const why = lastError instanceof Error ? `: ${lastError.message}` : ''
      const message = `Redis at ${addressOf(client)} was not reachable within ${timeoutMs} ms${why}. Check that it runs, and the \`redis\` option`
      finish(() =>
        reject(new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', cause: lastError })),
      )
    }, timeoutMs)
    function finish(settle: () => void) {
      clearTimeout(timer)
      client.off('error', onError)
      client.off('ready', onReady)
      client.off('end', onEnd)
      settle()
    }
    client.on('error', onError)
    client.on('ready', onReady)
    client.on('end', onEnd)
  })
}

/** Closes a connection that Everybeat opened: politely where the server answers, at once where it does not. */
export async function closeClient(client: RedisClient): Promise<void> {
  if (client.status === 'ready') {
    const quit = client.quit().then(SILENT, SILENT)
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, 500).unref())
    await Promise.race([quit, timeout])
  }
  client.disconnect()
}
