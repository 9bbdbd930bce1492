import { Redis, SentinelConnector, type Cluster, type RedisOptions } from 'ioredis'
import { databaseOf } from '../database.js'
import type { RedisSource } from '../../options/redis-source.js'
import { createDemotionRule } from './reconnect-on-readonly.js'
import { forgetPassword } from './permanent-errors.js'
import type { RedisClient } from '../redis-client.js'
import { endsWithin, SYSTEM_TIME, type TimeSource } from '../../time-source.js'

/** A connection, and whether Everybeat has to close it. */
export interface Connection {
  readonly client: RedisClient
  /** Whether Everybeat opened it; a client of the user is neither changed nor closed. */
  readonly owned: boolean
  readonly isCluster: boolean
  /** The clock and the timers of this connection and of its duplicates. */
  readonly time: TimeSource
}

const SILENT = () => {}

/**
 * Settings of the connections that Everybeat opens: commands wait for a reconnect instead of failing, for a bounded
 * time.
 */
const OWN_SETTINGS: RedisOptions = {
  maxRetriesPerRequest: null,
  enableReadyCheck: true,
  lazyConnect: true,
  keepAlive: 10_000,
  socketTimeout: 15_000,
  // A replaced primary that is still live accepts writes for up to ten seconds, and these are lost: leave it at once.
  failoverDetector: true,
  connectionName: 'everybeat',
}

/**
 * Delay before an attempt to reconnect, ms: it grows to a second, and is spread so that a fleet does not reconnect at
 * once.
 */
function reconnectAfter(time: TimeSource): (times: number) => number {
  return (times) => Math.min(25 * 2 ** Math.min(times, 6), 1_000) * (0.75 + time.random() / 2)
}

/** Delay before a client that has given up connects again, ms. */
const REVIVE_MS = 50
/** The clients that Everybeat closes. */
const leaving = new WeakSet<RedisClient>()

/**
 * Keeps a client that Everybeat opened connected. If sentinels report a switch while ioredis asks them for the primary,
 * ioredis ends the client and never connects again. During a failover this can happen to each connection of a fleet.
 */
function tend<Client extends RedisClient>(client: Client, time: TimeSource): Client {
  client.on('error', forgetPassword)
  client.on('close', () => forgetSocketTimeout(client))
  if ('nodes' in client || !client.options.sentinels) return client
  // A program that closes its client, and a `retryStrategy` that gives up, both cause `close` before the end.
  let isClosed = false
  client.on('connecting', () => (isClosed = false))
  client.on('close', () => (isClosed = true))
  client.on('end', () => {
    if (isClosed || leaving.has(client)) return
    time.setTimeout(() => void (leaving.has(client) || client.connect().catch(SILENT)), REVIVE_MS)
  })
  return client
}

/**
 * Ends the timer of `socketTimeout` of a connection that is closed. ioredis 5 keeps the timer when a command was in flight,
 * and it would close the next connection, which is healthy.
 */
function forgetSocketTimeout(client: RedisClient): void {
  // The timer that a test has put in place of the one of Node.js may have no `close`.
  const holder = client as unknown as { socketTimeoutTimer?: { close?: () => void } | undefined }
  holder.socketTimeoutTimer?.close?.()
  holder.socketTimeoutTimer = undefined
}

/** Adds the rules that each connection has itself: when to reconnect, and when to reconnect because of `READONLY`. */
function withRules(settings: RedisOptions, time: TimeSource): RedisOptions {
  return { ...settings, retryStrategy: reconnectAfter(time), reconnectOnError: createDemotionRule(time.monotonic) }
}

/** Settings that override the user's options: integer replies are numbers, and commands wait for the connection. */
const FIXED_SETTINGS: RedisOptions = { stringNumbers: false, enableOfflineQueue: true }

/** Uses the user's client; a client whose replies have another form is duplicated with the right settings. */
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

/** The function of ioredis that asks a sentinel; its types declare it private. */
type OpenConnector = new (options: unknown) => { connectToSentinel(...args: unknown[]): Redis }

/**
 * Gives the connections to sentinels an error listener, because ioredis prints their errors otherwise. The class is
 * created on first use, so that importing the package does not load ioredis.
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

/** Opens the command connection, or uses the live client of the user. Does not wait for it. */
export function openConnection(source: RedisSource, time: TimeSource = SYSTEM_TIME): Connection {
  const connection = connectTo(source, OWN_SETTINGS, time)
  if (connection.owned) (connection.client as Redis).connect().catch(SILENT)
  return connection
}

/**
 * Before ioredis 6 the node settings of a duplicate replace those of the original, TLS and password too, so they are
 * merged here.
 */
function duplicateCluster(cluster: Cluster, settings: RedisOptions): Cluster {
  return cluster.duplicate([], { redisOptions: { ...cluster.options.redisOptions, ...settings } })
}

const SUBSCRIBER_SETTINGS: RedisOptions = {
  lazyConnect: false,
  maxRetriesPerRequest: null,
  enableReadyCheck: false,
  stringNumbers: false,
  enableOfflineQueue: true,
  // The owner of a subscription makes it again after each reconnect and handles a failure; ioredis would leave it
  // unhandled.
  autoResubscribe: false,
  keepAlive: 10_000,
  socketTimeout: undefined as never,
  disconnectTimeout: 500,
  connectionName: 'everybeat-subscriber',
  // By default ioredis 6 uses RESP3, where it drops the messages of key tracking. ioredis 5 has no such setting.
  ...({ protocol: 2 } as RedisOptions),
}

/** Opens a separate connection to one node of a Cluster, for subscriptions; the caller closes it. */
export function duplicateNode(node: Redis, time: TimeSource = SYSTEM_TIME): Redis {
  const settings = { ...SUBSCRIBER_SETTINGS, readOnly: false, retryStrategy: reconnectAfter(time) }
  return tend(node.duplicate(settings), time)
}

/** Opens a second connection with the settings of the first, for subscriptions; the caller closes it. */
export function duplicateConnection(connection: Connection): RedisClient {
  const client = connection.isCluster
    ? duplicateCluster(connection.client as Cluster, { socketTimeout: undefined as never })
    : (connection.client as Redis).duplicate(SUBSCRIBER_SETTINGS)
  return tend(client, connection.time)
}

/**
 * Opens a connection for claims that wait for replicas; the caller closes it. After a loss it does not resend commands
 * by itself, so that each confirmation belongs to its own claim.
 */
export function duplicateForClaims(connection: Connection): RedisClient {
  // Without resending, ioredis would never settle the commands in flight, unless each loss rejects them.
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

/** Opens the connection to a lock node; a node that does not answer soon has no vote. */
export function openLockNode(source: RedisSource, time: TimeSource = SYSTEM_TIME): Connection {
  const settings = { maxRetriesPerRequest: 0, lazyConnect: false, connectionName: 'everybeat-locks' }
  return connectTo(source, { ...OWN_SETTINGS, ...settings }, time)
}

/** Longest wait for the answer to `QUIT`, ms. */
const QUIT_MS = 500

/** Closes a connection that Everybeat opened, by `QUIT` if the server answers, otherwise by force. */
export async function closeClient(client: RedisClient, time: TimeSource = SYSTEM_TIME): Promise<void> {
  leaving.add(client)
  if (client.status === 'ready') {
    await endsWithin(time, QUIT_MS, client.quit().then(SILENT, SILENT))
  }
  hearLateErrors(client)
  client.disconnect()
}

/**
 * Listens for late errors: a TLS socket that is closed while its handshake fails may report two errors. ioredis handles
 * only the first, so the second would end the process.
 */
function hearLateErrors(client: RedisClient): void {
  const nodes = client.isCluster ? (client as Cluster).nodes('all') : [client as Redis]
  for (const { stream } of nodes) (stream as NodeJS.EventEmitter | undefined)?.on('error', SILENT)
}
