import { DAY_SECONDS } from './civil.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { LAST_SECOND, type Segment, type Zone } from './zone.js'

/** The rules for wall-clock times that a zone skips or repeats. */
export interface DstRules {
  /** Skipped times fire once at the first instant after the gap, each later by the gap, or never. */
  readonly gap: 'first-instant' | 'shift' | 'skip'
  /** The pass or passes in which repeated times fire. */
  readonly overlap: 'first' | 'last' | 'both'
}

/** Wall-clock times, in whole seconds on a clock without zone. */
export interface WallTimes {
  /** The first time at or after `wall`; Infinity when there is none up to `limit`. */
  next(wall: number, limit: number): number
  /** The last time at or before `wall`; -Infinity when there is none down to `limit`. */
  previous(wall: number, limit: number): number
}

/** A trigger of wall-clock times: the times, and the rules for those that a zone skips or repeats. */
export interface WallClockRule {
  readonly times: WallTimes
  readonly rules: DstRules
  /** Whether the trigger continues in real time through a clock change, under any rules of the definition. */
  readonly followsRealTime: boolean
}

/** Longest search, seconds: 100 years; the same date of the calendar recurs within 40 years. */
export const SEARCH_SECONDS = 36_525 * DAY_SECONDS

/** Largest offset of any zone from UTC, seconds; two offsets of one zone differ by at most {@link WIDEST_CHANGE}. */
const WIDEST_OFFSET = 16 * 3600
const WIDEST_CHANGE = 26 * 3600

/** The rules of a trigger that follows real time: skipped times do not fire, and both passes of a repeated hour do. */
export const REAL_TIME_RULES: DstRules = { gap: 'skip', overlap: 'both' }

/** The occurrences of wall-clock times in a zone. */
export class WallOccurrences implements OccurrenceSource {
  readonly #times: WallTimes
  readonly #zone: Zone
  readonly #rules: DstRules
  /** Cache of the last used stretch; it changes no answer. */
  #segment: Segment

  constructor(times: WallTimes, zone: Zone, rules: DstRules) {
    this.#times = times
    this.#zone = zone
    this.#rules = rules
    this.#segment = zone.segmentAt(0)
  }

  next(afterMs: number): number | null {
    let low = Math.max(Math.floor(afterMs / 1000) + 1, -LAST_SECOND)
    const limit = Math.min(low + SEARCH_SECONDS, LAST_SECOND)
    while (low <= limit) {
      const segment = this.#segmentAt(low)
      const found = this.#firstIn(segment, low, limit)
      if (found < Infinity) return found <= limit ? found * 1000 : null
      low = this.#skipAhead(segment, low, limit)
    }
    return null
  }

  previous(beforeMs: number): number | null {
    let high = Math.min(Math.ceil(beforeMs / 1000) - 1, LAST_SECOND)
    const limit = Math.max(high - SEARCH_SECONDS, -LAST_SECOND)
    while (high >= limit) {
      const segment = this.#segmentAt(high)
      const found = this.#lastIn(segment, high, limit)
      if (found > -Infinity) return found >= limit ? found * 1000 : null
      high = this.#skipBack(segment, high, limit)
    }
    return null
  }

  #segmentAt(second: number): Segment {
    const segment = this.#segment
    if (second >= segment.start && second < segment.end) return segment
    return (this.#segment = this.#zone.segmentAt(second))
  }

  /** The first occurrence in a stretch, at or after `low`. */
  #firstIn(segment: Segment, low: number, limit: number): number {
    const { start, offset, offsetBefore } = segment
    const wallLimit = limit + WIDEST_OFFSET
    let moved = Infinity
    let wall = low + offset
    let wallEnd = segment.end + offset
    if (offset > offsetBefore) {
      moved = this.#firstMoved(segment, low)
      if (moved === low) return low
    } else if (offset < offsetBefore && this.#rules.overlap === 'first') {
      wall = Math.max(wall, start + offsetBefore)
    }
    if (segment.offsetAfter < offset && this.#rules.overlap === 'last') wallEnd = segment.end + segment.offsetAfter
    const found = this.#times.next(wall, Math.min(wallLimit, wallEnd))
    return found < wallEnd ? Math.min(found - offset, moved) : moved
  }

  /** The first instant at or after `low` to which a time of the gap before the stretch moves. */
  #firstMoved(segment: Segment, low: number): number {
    const { start, offset, offsetBefore } = segment
    if (this.#rules.gap === 'skip' || isRemovedDay(segment) || low >= start + offset - offsetBefore) return Infinity
    const gapEnd = start + offset
    if (this.#rules.gap === 'shift') {
      const wall = this.#times.next(low + offsetBefore, gapEnd)
      return wall < gapEnd ? wall - offsetBefore : Infinity
    }
    return low === start && this.#times.next(start + offsetBefore, gapEnd) < gapEnd ? start : Infinity
  }

  /** The last occurrence in a stretch, at or before `high`. */
  #lastIn(segment: Segment, high: number, limit: number): number {
    const { start, end, offset, offsetBefore, offsetAfter } = segment
    const wallLimit = limit - WIDEST_OFFSET
    let wall = high + offset
    let wallStart = start + offset
    if (offset < offsetBefore && this.#rules.overlap === 'first') wallStart = start + offsetBefore
    if (offsetAfter < offset && this.#rules.overlap === 'last') wall = Math.min(wall, end + offsetAfter - 1)
    const found = this.#times.previous(wall, Math.max(wallLimit, wallStart))
    const moved = offset > offsetBefore ? this.#lastMoved(segment, high) : -Infinity
    return found >= wallStart ? Math.max(found - offset, moved) : moved
  }

  /** The last instant at or before `high` to which a time of the gap before the stretch moves. */
  #lastMoved(segment: Segment, high: number): number {
    const { start, offset, offsetBefore } = segment
    if (this.#rules.gap === 'skip' || isRemovedDay(segment)) return -Infinity
    const gapStart = start + offsetBefore
    const gapEnd = start + offset
    const shift = this.#rules.gap === 'shift'
    const wall = this.#times.previous(shift ? Math.min(high + offsetBefore, gapEnd - 1) : gapEnd - 1, gapStart)
    if (wall < gapStart) return -Infinity
    return shift ? wall - offsetBefore : start
  }

  /**
   * The next instant to check when a stretch holds no further occurrence: its end, or an instant near the next named
   * time if that is far away, so that a rare schedule does not visit every stretch of a century.
   */
  #skipAhead(segment: Segment, low: number, limit: number): number {
    const wall = this.#times.next(low + segment.offset - WIDEST_CHANGE, limit + WIDEST_OFFSET)
    return Math.max(segment.end, wall - WIDEST_OFFSET)
  }

  #skipBack(segment: Segment, high: number, limit: number): number {
    const wall = this.#times.previous(high + segment.offset + WIDEST_CHANGE, limit - WIDEST_OFFSET)
    return Math.min(segment.start - 1, wall + WIDEST_OFFSET)
  }
}

/** Whether the zone skipped a whole day, whose times do not fire. */
export function isRemovedDay(segment: Segment): boolean {
  return segment.offset - segment.offsetBefore >= DAY_SECONDS
}
