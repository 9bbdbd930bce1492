import type { RedisClock } from '../store.js'

/** How long a reading of Redis's clock is kept for its precision, ms: clocks of two hosts drift apart. */
const SAMPLE_LIFETIME_MS = 30_000

interface Sample {
  /** How far Redis's clock is ahead of the monotonic one, ms. */
  readonly offset: number
  /** Half the round trip, ms: the largest error of the offset. */
  readonly halfTrip: number
  readonly takenAt: number
}

/**
 * Creates a clock that keeps the most precise of its recent samples (the one with the shortest round trip), and drops
 * it when it is old, for the best of the newer half, or when a newer one contradicts it: a host that slept, or a Redis
 * whose clock was set.
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
