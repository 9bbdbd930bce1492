import type { RedisClock } from '../store.js'

/** Longest use of one sample of Redis's clock, ms: the clocks of two hosts drift apart. */
const SAMPLE_LIFETIME_MS = 30_000

interface Sample {
  /** Redis's clock minus the monotonic clock, ms. */
  readonly offset: number
  /** Half the round trip, ms: the largest error of the offset. */
  readonly halfTrip: number
  readonly takenAt: number
}

/**
 * Creates a clock that uses its most precise recent sample, the one with the shortest round trip. An old sample gives
 * way to the best of the newer half. A newer sample that contradicts it replaces it at once: the host slept, or Redis's
 * clock was set.
 *
 * @param monotonic milliseconds that never jump, such as `performance.now`
 */
export function createRedisClock(monotonic: () => number, wall: () => number): RedisClock {
  let best: Sample = { offset: Number.NaN, halfTrip: Number.POSITIVE_INFINITY, takenAt: Number.NEGATIVE_INFINITY }
  let nextBest: Sample | null = null
  const now = () => monotonic() + best.offset
  return {
    sample(sentAt, receivedAt, redisMs) {
      const fresh = {
        offset: redisMs - (sentAt + receivedAt) / 2,
        halfTrip: (receivedAt - sentAt) / 2,
        takenAt: receivedAt,
      }
      const contradicts = Math.abs(fresh.offset - best.offset) > fresh.halfTrip + best.halfTrip + 1
      if (!(fresh.halfTrip > best.halfTrip) || contradicts) {
        best = fresh
        nextBest = null
        return
      }
      const age = receivedAt - best.takenAt
      if (age > SAMPLE_LIFETIME_MS / 2 && !(nextBest && nextBest.halfTrip < fresh.halfTrip)) nextBest = fresh
      if (age <= SAMPLE_LIFETIME_MS) return
      best = nextBest ?? fresh
      nextBest = null
    },
    now,
    get errorMs() {
      return best.halfTrip
    },
    until: (redisMs) => redisMs - now(),
    skewMs: () => wall() - now(),
  }
}
