import { Redis, SentinelConnector, type Cluster, type RedisOptions } from 'ioredis'
import { databaseOf } from '../database.js'
import type { RedisSource } from '../../options/redis-source.js'
import { createDemotionRule } from './reconnect-on-readonly.js'
import { forgetPassword } from './permanent-errors.js'
import type { RedisClient } from '../redis-client.js'
import { endsWithin, SYSTEM_TIME, type TimeSource } from '../../time-source.js'

/** A connection and who has to close it. */
export interface Connection {
  readonly client: RedisClient
  /** Whether Everybeat opened it; a client that the user gave is never changed nor closed. */
  readonly owned: boolean
  readonly isCluster: boolean
  /** The clock and the timers of this connection and of its duplicates. */
  readonly time: TimeSource
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
}

/** Delay before the given attempt to reconnect, ms: grows to a second, and is spread so that a fleet does not return at once. */
function reconnectAfter(time: TimeSource): (times: number) => number {
  return (times) => Math.min(25 * 2 ** Math.min(times, 6), 1_000) * (0.75 + time.random() / 2)
}

/** So long after a client has given up it is told to go on, ms. */
const REVIVE_MS = 50
/** The clients that are to end: they were told to. */
const leaving = new WeakSet<RedisClient>()

/**
 * Looks after a client that Everybeat opened. Where sentinels tell of a switch while ioredis asks them for the primary, it
 * takes that for the end, and would never connect again: every connection of a fleet is about to ask just then.
 */
function tend<Client extends RedisClient>(client: Client, time: TimeSource): Client {
  client.on('error', forgetPassword)
  if ('nodes' in client || !client.options.sentinels) return client
  // A program that closes its client, and a `retryStrategy` that gives up, both end it by way of `close`.
  let isClosed = false
  client.on('connecting', () => (isClosed = false))
  client.on('close', () => (isClosed = true))
  client.on('end', () => {
    if (isClosed || leaving.has(client)) return
    time.setTimeout(() => void (leaving.has(client) || client.connect().catch(SILENT)), REVIVE_MS)
  })
  return client
}

/** The settings with what each connection has of its own: when to come back, and what it remembers of `READONLY`. */
function withRules(settings: RedisOptions, time: TimeSource): RedisOptions {
  return { ...settings, retryStrategy: reconnectAfter(time), reconnectOnError: createDemotionRule(time.monotonic) }
}

/** What the engine relies on, whatever the user's options say: numbers are numbers, and commands wait for the connection. */
const FIXED_SETTINGS: RedisOptions = { stringNumbers: false, enableOfflineQueue: true }

/** Takes the user's client; one whose replies are of another kind gets a connection of ours beside it. */
function takeLiveClient(client: RedisClient, time: TimeSource): Connection {
  if ('nodes' in client) {
    const isUsable = !client.options.redisOptions?.stringNumbers
    const own = isUsable ? client : tend(duplicateCluster(client, FIXED_SETTINGS), time)
    return { client: own, owned: !isUsable, isCluster: true, time }
  }
  if (!client.options.stringNumbers) return { client, owned: false, isCluster: false, time }
  const own = tend(client.duplicate({ ...FIXED_SETTINGS, db: databaseOf(client), lazyConnect: true }), time)
  return { client: own, owned: true, isCluster: false, time }
}

/** What ioredis calls to ask a sentinel, private in its types. */
type OpenConnector = new (options: unknown) => { connectToSentinel(...args: unknown[]): Redis }

/**
 * ioredis writes errors of the connections to sentinels to the console where nothing listens to them. The class is made
 * when it is needed: the import of the package alone loads no ioredis.
 */
function withQuietSentinels({ sentinels }: RedisOptions): RedisOptions {
  if (!sentinels) return {}
  class QuietSentinelConnector extends (SentinelConnector as unknown as OpenConnector) {
    override connectToSentinel(...args: unknown[]): Redis {
      return super.connectToSentinel(...args).on('error', SILENT)
    }
  }
  return { Connector: QuietSentinelConnector as never }
}

function connectTo(source: RedisSource, given: RedisOptions, time: TimeSource): Connection {
  if (source.kind === 'client') return takeLiveClient(source.client, time)
  const settings = withRules(given, time)
  const client =
    source.kind === 'url'
      ? new Redis(source.url, source.tls ? { ...settings, tls: source.tls } : settings)
      : new Redis({ ...settings, ...source.options, ...FIXED_SETTINGS, ...withQuietSentinels(source.options) })
  return { client: tend(client, time), owned: true, isCluster: false, time }
}

/** Opens the command connection, or takes the live client that the user gave. Does not wait for it. */
export function openConnection(source: RedisSource, time: TimeSource = SYSTEM_TIME): Connection {
  const connection = connectTo(source, OWN_SETTINGS, time)
  if (connection.owned) (connection.client as Redis).connect().catch(SILENT)
  return connection
}

/** Before ioredis 6 the settings of a duplicate's nodes replace those of the original: TLS and the password with them. */
function duplicateCluster(cluster: Cluster, settings: RedisOptions): Cluster {
  return cluster.duplicate([], { redisOptions: { ...cluster.options.redisOptions, ...settings } })
}

const SUBSCRIBER_SETTINGS: RedisOptions = {
  lazyConnect: false,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  stringNumbers: false,
  enableOfflineQueue: true,
  // The owner of a subscription makes it again on each connection and handles a failure: ioredis leaves one unhandled.
  autoResubscribe: false,
  keepAlive: 10_000,
  socketTimeout: undefined as never,
  disconnectTimeout: 500,
  connectionName: 'everybeat-subscriber',
  // ioredis 6 speaks RESP3 by itself, where Redis tells of edits in a kind of message that it throws away. 5 has no such setting.
  ...({ protocol: 2 } as RedisOptions),
}

/** A connection of its own to one node of a Cluster, for subscriptions; always ours to close. */
export function duplicateNode(node: Redis, time: TimeSource = SYSTEM_TIME): Redis {
  const settings = { ...SUBSCRIBER_SETTINGS, readOnly: false, retryStrategy: reconnectAfter(time) }
  return tend(node.duplicate(settings), time)
}

/** A second connection with the settings of the first, for subscriptions; always ours to close. */
export function duplicateConnection(connection: Connection): RedisClient {
  const client = connection.isCluster
    ? duplicateCluster(connection.client as Cluster, { socketTimeout: undefined as never })
    : (connection.client as Redis).duplicate(SUBSCRIBER_SETTINGS)
  return tend(client, connection.time)
}

/**
 * A connection for claims that wait for replicas: what was under way when it broke is not sent again by itself, so that
 * a confirmation always speaks of the claim that it belongs to. Always ours to close.
 */
export function duplicateForClaims(connection: Connection): RedisClient {
  // Without resending, ioredis forgets what was under way and never answers it, unless every loss gives it up.
  const settings = {
    autoResendUnfulfilledCommands: false,
    ...FIXED_SETTINGS,
    maxRetriesPerRequest: 0,
    connectionName: 'everybeat-claims',
  }
  const client = connection.isCluster
    ? duplicateCluster(connection.client as Cluster, settings)
    : (connection.client as Redis).duplicate({
        ...withRules(OWN_SETTINGS, connection.time),
        ...settings,
        lazyConnect: false,
      })
  return tend(client, connection.time)
}

/** Opens the connection to a lock node: it answers soon, or has no vote. */
export function openLockNode(source: RedisSource, time: TimeSource = SYSTEM_TIME): Connection {
  const settings = { maxRetriesPerRequest: 0, lazyConnect: false, connectionName: 'everybeat-locks' }
  return connectTo(source, { ...OWN_SETTINGS, ...settings }, time)
}

/** How long a server may take to answer `QUIT`, ms. */
const QUIT_MS = 500

/** Closes a connection that Everybeat opened: politely where the server answers, at once where it does not. */
export async function closeClient(client: RedisClient, time: TimeSource = SYSTEM_TIME): Promise<void> {
  leaving.add(client)
  if (client.status === 'ready') {
    await endsWithin(time, QUIT_MS, client.quit().then(SILENT, SILENT))
  }
  hearLateErrors(client)
  client.disconnect()
}

/**
 * A TLS socket that is ended while its handshake fails may report two errors. ioredis hears the first alone: the second
 * would end the process.
 */
function hearLateErrors(client: RedisClient): void {
  const nodes = client.isCluster ? (client as Cluster).nodes('all') : [client as Redis]
  for (const { stream } of nodes) (stream as NodeJS.EventEmitter | undefined)?.on('error', SILENT)
}
