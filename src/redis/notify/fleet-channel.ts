import { endsWithin } from '../../time-source.js'
import { duplicateConnection, type Connection } from '../connection/client.js'
import { unreachable } from '../connection/wait-until-ready.js'
import { databaseOf, readMessage } from '../database.js'
import type { Keys } from '../keys.js'
import type { FleetListener } from '../../worker/listeners.js'
import type { RedisClient } from '../redis-client.js'
import { SubscriptionWatchdog } from './subscription-watchdog.js'

/** The message of each heartbeat to the channel of its worker, for the watchdog. */
const ECHO = 'beat'

/** Calls the listener for a message; `false` for a message that this version does not know. */
function read(listener: FleetListener, shard: number, verb: string, rest: string): boolean {
  switch (verb) {
    case 'head': {
      const [, instant, count] = /^(-?\d{1,16}) (\d{1,9})$/.exec(rest) ?? []
      if (instant === undefined) return false
      listener.onNextDue(shard, Number(count) === 0 ? null : Number(instant), Number(count))
      return true
    }
    case 'lane': {
      const cut = rest.indexOf('\n')
      if (cut < 0) return false
      listener.onParked(shard, rest.slice(0, cut), rest.slice(cut + 1))
      return true
    }
    case 'cancel': {
      const [, worker, kind, runId] = /^(\S+) (\S+) (.+)$/s.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onCancel(worker, kind!, runId!)
      return true
    }
    case 'plan': {
      const [, worker, schedule] = /^(\S+) (.+)$/s.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onPlanRequest(shard, worker, schedule!)
      return true
    }
    case 'joined': {
      const [, worker, size] = /^(\S+) (\d{1,9})$/.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onJoined(worker, Number(size))
      return true
    }
    case 'layout':
      listener.onLayout()
      return true
    default:
      return rest !== '' && readNames(listener, shard, verb, rest)
  }
}

/** Reads the messages of a verb and a text. */
function readNames(listener: FleetListener, shard: number, verb: string, rest: string): boolean {
  if (verb === 'changed') listener.onChanged(shard, rest.split('\n'))
  else if (verb === 'left') listener.onLeft(rest)
  else if (verb === 'memory') listener.onGeneration(shard, rest)
  else return false
  return true
}

function deliver(listener: FleetListener, shard: number, message: string): void {
  const space = message.indexOf(' ')
  const verb = space < 0 ? message : message.slice(0, space)
  if (!read(listener, shard, verb, space < 0 ? '' : message.slice(space + 1))) listener.onUnknown(shard)
}

/**
 * The subscription to the fleet channel of every shard, on its own connection. A worker also subscribes to the channel
 * of its own name. While that channel has a subscriber, the connection of the worker, and so most likely its process,
 * is alive.
 */
export class FleetChannel {
  /** The connection of the subscription; the caller closes it. */
  readonly client: RedisClient
  readonly #connection: Connection
  readonly #listener: FleetListener
  /** Every channel to subscribe to. */
  readonly #channels: readonly string[]
  /** The watchdog of the subscription. Null on a Cluster, where an echo reaches other nodes later. */
  readonly #watchdog: SubscriptionWatchdog | null
  /** The first subscription. */
  readonly #subscribed: Promise<void>
  #wasReady = false
  /** The last error of the connection. */
  #lastError: unknown

  constructor(connection: Connection, shards: readonly Keys[], workerId: string, listener: FleetListener) {
    const client = duplicateConnection(connection)
    this.client = client
    this.#connection = connection
    this.#listener = listener
    const shardByChannel = new Map(shards.map((keys, shard) => [keys.wake, shard]))
    const ownChannels = connection.isCluster ? [] : shards.map((keys) => keys.worker(workerId))
    const ownShards = new Map(ownChannels.map((channel, shard) => [channel, shard]))
    this.#channels = [...shardByChannel.keys(), ...ownChannels]
    const [ownChannel] = ownChannels
    this.#watchdog = ownChannel === undefined ? null : new SubscriptionWatchdog(client, ownChannel, connection.time)
    client.on('message', (channel: string, message: string) => {
      const ownShard = ownShards.get(channel)
      if (ownShard !== undefined) return message === ECHO ? undefined : deliver(listener, ownShard, message)
      const shard = shardByChannel.get(channel)
      const own = readMessage(databaseOf(connection.client), message)
      if (shard !== undefined && own !== null) deliver(listener, shard, own)
    })
    client.on('error', (error: unknown) => (this.#lastError = error))
    this.#subscribed = this.#subscribe()
    this.#subscribed.catch(() => {})
    client.on('ready', () => this.#onReady())
  }

  /**
   * Resolves when messages arrive.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after this time, ms, with the last error of the connection as cause
   */
  async ready(timeoutMs: number): Promise<void> {
    if (await endsWithin(this.#connection.time, timeoutMs, this.#subscribed)) return
    const message = `the connection for messages could not be made within ${timeoutMs} ms`
    throw unreachable(this.client, message, this.#lastError)
  }

  /** Expects the echo of an answered heartbeat that was sent at this instant of the monotonic clock, ms. */
  expectEcho(sentAt: number): void {
    this.#watchdog?.expectEcho(sentAt)
  }

  async #subscribe(): Promise<void> {
    await this.client.subscribe(...this.#channels)
    this.#watchdog?.subscribed()
    this.#listener.onSubscribed()
  }

  /**
   * Subscribes again after each reconnect; messages in between are lost. ioredis could resubscribe by itself, but no
   * caller could handle its failure, and an unhandled rejection would end a process that stops at that moment.
   */
  #onReady(): void {
    if (this.#wasReady) {
      this.#subscribe().catch(() => {
        // The subscription was refused on an open connection: the echo does not arrive, so the watchdog reconnects.
        if (this.client.status === 'ready') this.#watchdog?.subscribed()
      })
    }
    this.#wasReady = true
  }
}
