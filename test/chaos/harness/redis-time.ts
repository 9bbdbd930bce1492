import { monotonicNow } from './journal.js'

/** What Redis's clock showed when: the wall clock of the machine, and the jumps that were made beside it. */
export interface RedisTime {
  /** Epoch ms by Redis's clock at a moment of the machine's monotonic clock. */
  at(monotonicMs: number): number
  /** When Redis's clock showed this instant for the first time, on the monotonic clock, ms. */
  reachedAt(instantMs: number): number
  /** The same now. */
  now(): number
  /** The latest instant that it has shown until now, epoch ms. */
  highest(): number
  /** How far it is off the wall clock now, ms. */
  readonly offsetMs: number
  readonly jumps: readonly { readonly atMs: number; readonly byMs: number }[]
  /** Notes a jump of the clock at this moment. */
  jump(byMs: number): void
}

/**
 * Begins with a clock that is right.
 *
 * @param monotonic the clock of the fleet, ms
 * @param wallOffsetMs how far the wall clock is ahead of it
 */
export function createRedisTime(monotonic = monotonicNow, wallOffsetMs = Date.now() - monotonic()): RedisTime {
  const jumps: { atMs: number; byMs: number }[] = []
  const offsetAt = (atMs: number): number => jumps.reduce((sum, jump) => (jump.atMs <= atMs ? sum + jump.byMs : sum), 0)
  const time: RedisTime = {
    jumps,
    at: (monotonicMs) => monotonicMs + wallOffsetMs + offsetAt(monotonicMs),
    reachedAt(instantMs) {
      let fromMs = Number.NEGATIVE_INFINITY
      let offset = wallOffsetMs
      for (const { atMs, byMs } of [...jumps, { atMs: Number.POSITIVE_INFINITY, byMs: 0 }]) {
        // Within this stretch the clock goes evenly, from `fromMs` on.
        if (instantMs - offset < atMs) return Math.max(fromMs, instantMs - offset)
        fromMs = atMs
        offset += byMs
      }
      return Number.POSITIVE_INFINITY
    },
    now: () => time.at(monotonic()),
    highest: () => Math.max(time.now(), ...jumps.map(({ atMs }) => time.at(atMs - 0.001))),
    get offsetMs() {
      return offsetAt(Number.POSITIVE_INFINITY)
    },
    jump: (byMs) => void jumps.push({ atMs: monotonic(), byMs }),
  }
  return time
}
