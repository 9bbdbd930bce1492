import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

/** Longest time from the answer to a heartbeat to its echo, ms. */
const ECHO_MS = 1_000
/** Time after which a new subscription certainly delivers, ms. */
const SETTLE_MS = 500
/** Longest time between the connection and the greeting of a server, ms. */
const GREETING_MS = 5_000

/**
 * Closes a subscription connection that is dead although no side closed it; ioredis then reconnects.
 *
 * A subscriber receives nothing while no message is sent, so it cannot tell silence from a connection that the network
 * dropped. With each heartbeat Redis publishes an echo to the worker's own channel: a connection without the echo is
 * closed. The same rule closes a connection to another server than that of the heartbeats.
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

  /** Records that the subscription to the worker's own channel was made or refused. */
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
    // A process that was halted first reads the arrived messages.
    this.#time.setTimeout(() => this.#time.setImmediate(check), ECHO_MS).unref()
  }

  #isSilent(sentAt: number): boolean {
    const { status } = this.#client
    if (status === 'connect') return sentAt - this.#connectedAt > GREETING_MS
    return status === 'ready' && sentAt - this.#subscribedAt > SETTLE_MS && this.#echoAt < sentAt
  }
}
