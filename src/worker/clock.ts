import type { RedisClock } from './port.js'

/** How far a reading of Redis's clock may be trusted before a newer one replaces it, whatever its precision. */
const SAMPLE_LIFETIME_MS = 30_000

/**
 * Creates a clock that keeps the most precise of its recent samples (the one with the shortest round trip), and drops
 * it when it is old or when a newer one contradicts it: a host that slept, or a Redis whose clock was set.
 *
 * @param monotonic milliseconds that never jump, such as `performance.now`
 */
export function createRedisClock(monotonic: () => number, wall: () => number): RedisClock {
  let offset = Number.NaN
  let halfTrip = Number.POSITIVE_INFINITY
  let takenAt = Number.NEGATIVE_INFINITY
  const now = () => monotonic() + offset
  return {
    sample(sentAt, receivedAt, redisMs) {
      const fresh = redisMs - (sentAt + receivedAt) / 2
      const half = (receivedAt - sentAt) / 2
      const contradicts = Math.abs(fresh - offset) > half + halfTrip + 1
      if (!(half > halfTrip) || contradicts || receivedAt - takenAt > SAMPLE_LIFETIME_MS) {
        offset = fresh
        halfTrip = half
        takenAt = receivedAt
      }
    },
    now,
    get errorMs() {
      return halfTrip
    },
    until: (redisMs) => redisMs - now(),
    skewMs: () => wall() - now(),
  }
}
