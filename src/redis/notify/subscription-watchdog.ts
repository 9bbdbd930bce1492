import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

/** Longest time of an echo beyond the answer to the heartbeat that sends it, ms. */
const ECHO_MS = 1_000
/** Time after which a new subscription surely delivers, ms. */
const SETTLE_MS = 500
/** Longest time between the connection and the greeting of a server, ms. */
const GREETING_MS = 5_000

/**
 * Cuts a connection for subscriptions that is dead although no side closed it; ioredis makes it anew.
 *
 * A subscriber receives nothing while nothing happens, so it cannot tell silence from a connection that a network forgot.
 * With each heartbeat Redis publishes an echo to the worker's own channel: a connection that does not bring the echo is
 * cut. A connection that ended up at another server than the heartbeats is cut by the same rule.
 */
export class SubscriptionWatchdog {
  readonly #client: RedisClient
  readonly #time: TimeSource
  /** When the subscription was made, on the monotonic clock, ms; infinite while there is none. */
  #subscribedAt = Number.POSITIVE_INFINITY
  /** When the connection was made, on the monotonic clock, ms; infinite while there is none. */
  #connectedAt = Number.POSITIVE_INFINITY
  /** When the last echo arrived, on the monotonic clock, ms. */
  #echoAt = Number.NEGATIVE_INFINITY

  /** @param channel the worker's own channel, to which its heartbeats echo */
  constructor(client: RedisClient, channel: string, time: TimeSource) {
    this.#client = client
    this.#time = time
    client.on('message', (from: string) => {
      if (from === channel) this.#echoAt = time.monotonic()
    })
    client.on('connect', () => (this.#connectedAt = time.monotonic()))
    client.on('close', () => {
      this.#subscribedAt = Number.POSITIVE_INFINITY
      this.#connectedAt = Number.POSITIVE_INFINITY
    })
  }

  /** The subscription to the worker's own channel was made, or was refused. */
  subscribed(): void {
    this.#subscribedAt = this.#time.monotonic()
  }

  /**
   * Expects the echo of a heartbeat.
   *
   * @param sentAt when the heartbeat was sent over another connection, on the monotonic clock, ms; it was answered
   */
  expectEcho(sentAt: number): void {
    const check = () => {
      if (this.#isSilent(sentAt)) this.#client.disconnect(true)
    }
    // A process that was stopped reads what has arrived before it judges.
    this.#time.setTimeout(() => this.#time.setImmediate(check), ECHO_MS).unref()
  }

  #isSilent(sentAt: number): boolean {
    const { status } = this.#client
    if (status === 'connect') return sentAt - this.#connectedAt > GREETING_MS
    return status === 'ready' && sentAt - this.#subscribedAt > SETTLE_MS && this.#echoAt < sentAt
  }
}
