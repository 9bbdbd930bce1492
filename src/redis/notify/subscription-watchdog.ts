import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

/** So long a message to oneself may take, beyond the answer to the command that sent it, ms. */
const ECHO_MS = 1_000
/** So long after its connection a subscription surely stands, ms. */
const SETTLE_MS = 500
/** So long a server may take to greet a connection that it has taken, ms. */
const GREETING_MS = 5_000

/** Notices that a connection for subscriptions is dead although nobody closed it, and makes it anew. */
export interface SignOfLife {
  /** The subscription to the worker's own channel stands, or is about to. */
  stands(): void
  /** A message to that channel was sent at this instant of the monotonic clock, over another connection, and answered. */
  expect(sentAt: number): void
}

/**
 * A subscriber hears nothing for as long as nothing happens, so it cannot tell silence from a connection that a network
 * forgot. Each heartbeat has Redis send a word to the worker's own channel: a connection that does not bring it is cut,
 * and comes back by itself. It also cuts one that ended up at another server than the heartbeats.
 */
export function createSignOfLife(client: RedisClient, channel: string, time: TimeSource): SignOfLife {
  let standsAt = Number.POSITIVE_INFINITY
  let connectedAt = Number.POSITIVE_INFINITY
  let heardAt = Number.NEGATIVE_INFINITY
  client.on('message', (from: string) => {
    if (from === channel) heardAt = time.monotonic()
  })
  client.on('connect', () => (connectedAt = time.monotonic()))
  client.on('close', () => {
    standsAt = Number.POSITIVE_INFINITY
    connectedAt = Number.POSITIVE_INFINITY
  })

  function isSilent(sentAt: number): boolean {
    if (client.status === 'connect') return sentAt - connectedAt > GREETING_MS
    return client.status === 'ready' && sentAt - standsAt > SETTLE_MS && heardAt < sentAt
  }

  return {
    stands: () => (standsAt = time.monotonic()),
    expect(sentAt) {
      const look = () => {
        if (isSilent(sentAt)) client.disconnect(true)
      }
      // A process that stood still reads what has come before it judges.
      time.setTimeout(() => time.setImmediate(look), ECHO_MS).unref()
    },
  }
}
