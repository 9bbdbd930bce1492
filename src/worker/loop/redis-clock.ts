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
 * A clock whose offset lies within the bounds of all recent samples: one sample may have a fast request, another one a fast
 * reply. Samples of the newer half of {@link SAMPLE_LIFETIME_MS} replace all samples when the others are old. A sample that
 * contradicts samples replaces these at once: the clocks have drifted apart, the host slept, or Redis's clock was set.
 */
export class SampledRedisClock implements RedisClock {
  readonly #monotonic: () => number
  readonly #wall: () => number
  /** The bounds by the samples of the older half. */
  #older = UNKNOWN
  /** The bounds by the samples of the newer half. */
  #newer = UNKNOWN
  /** When the newer half began, on the monotonic clock, ms. */
  #newerSince = Number.NEGATIVE_INFINITY
  /** Redis's clock minus the monotonic clock, ms; NaN before the first sample. */
  #offset = Number.NaN
  /** Largest error of the offset, ms. */
  #errorMs = Number.POSITIVE_INFINITY

  /**
   * @param monotonic milliseconds that never jump, such as `performance.now`
   * @param wall the clock of the host, epoch ms
   */
  constructor(monotonic: () => number, wall: () => number) {
    this.#monotonic = monotonic
    this.#wall = wall
  }

  get errorMs(): number {
    return this.#errorMs
  }

  sample(sentAt: number, receivedAt: number, redisMs: number): void {
    const { lower, upper } = this.#bound({ lower: redisMs - receivedAt, upper: redisMs - sentAt }, receivedAt)
    // Where both miss each other by a microsecond, Redis shows the smaller one at times, and would refuse an earlier claim.
    this.#offset = (Math.min(lower, upper) + upper) / 2
    this.#errorMs = Math.max(0, upper - lower) / 2
  }

  now(): number {
    return this.#monotonic() + this.#offset
  }

  until(redisMs: number): number {
    return redisMs - this.now()
  }

  skewMs(): number {
    return this.#wall() - this.now()
  }

  /** Takes in the bounds of a sample. @returns the bounds that the recent samples leave */
  #bound(fresh: Bounds, receivedAt: number): Bounds {
    if (receivedAt - this.#newerSince > SAMPLE_LIFETIME_MS / 2) {
      this.#older = this.#newer
      this.#newer = fresh
      this.#newerSince = receivedAt
    } else {
      this.#newer = within(this.#newer, fresh)
    }
    const bounds = within(this.#older, this.#newer)
    if (!isContradictory(bounds)) return bounds
    this.#older = UNKNOWN
    if (!isContradictory(this.#newer)) return this.#newer
    this.#newer = fresh
    this.#newerSince = receivedAt
    return fresh
  }
}

function within(one: Bounds, other: Bounds): Bounds {
  return { lower: Math.max(one.lower, other.lower), upper: Math.min(one.upper, other.upper) }
}

function isContradictory({ lower, upper }: Bounds): boolean {
  return lower - upper > RESOLUTION_MS
}
