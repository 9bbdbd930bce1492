import type { RedisClock } from '../store.js'

/** Longest use of one sample of Redis's clock, ms: the clocks of two hosts drift apart. */
const SAMPLE_LIFETIME_MS = 30_000
/** Redis's clock has whole microseconds, ms: two samples that miss each other by as little do not contradict each other. */
const RESOLUTION_MS = 0.002

/** The offset is Redis's clock minus the monotonic clock, ms. It lies between the two bounds. */
interface Bounds {
  /** Redis's time minus the receipt of the reply: as if the reply had taken no time. */
  readonly lower: number
  /** Redis's time minus the sending of the request: as if the request had taken no time. */
  readonly upper: number
}

const UNKNOWN: Bounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY }

/**
 * Creates a clock whose offset lies within the bounds of all recent samples: one sample may have a fast request, another
 * one a fast reply. Samples of the newer half of {@link SAMPLE_LIFETIME_MS} take the place of all samples when the others
 * are old. A sample that contradicts samples replaces these at once: the clocks have drifted apart, the host slept, or
 * Redis's clock was set.
 *
 * @param monotonic milliseconds that never jump, such as `performance.now`
 */
export function createRedisClock(monotonic: () => number, wall: () => number): RedisClock {
  /** The bounds by the samples of the older half, and of the newer half, which begins with the sample at `newerSince`. */
  let older = UNKNOWN
  let newer = UNKNOWN
  let newerSince = Number.NEGATIVE_INFINITY
  let offset = Number.NaN
  let errorMs = Number.POSITIVE_INFINITY
  const now = () => monotonic() + offset
  return {
    sample(sentAt, receivedAt, redisMs) {
      const fresh = { lower: redisMs - receivedAt, upper: redisMs - sentAt }
      if (receivedAt - newerSince > SAMPLE_LIFETIME_MS / 2) {
        older = newer
        newer = fresh
        newerSince = receivedAt
      } else {
        newer = within(newer, fresh)
      }
      let bounds = within(older, newer)
      if (isContradictory(bounds)) {
        older = UNKNOWN
        bounds = newer
      }
      if (isContradictory(bounds)) {
        newer = bounds = fresh
        newerSince = receivedAt
      }
      offset = (bounds.lower + Math.max(bounds.lower, bounds.upper)) / 2
      errorMs = Math.max(0, bounds.upper - bounds.lower) / 2
    },
    now,
    get errorMs() {
      return errorMs
    },
    until: (redisMs) => redisMs - now(),
    skewMs: () => wall() - now(),
  }
}

function within(one: Bounds, other: Bounds): Bounds {
  return { lower: Math.max(one.lower, other.lower), upper: Math.min(one.upper, other.upper) }
}

function isContradictory({ lower, upper }: Bounds): boolean {
  return lower - upper > RESOLUTION_MS
}
