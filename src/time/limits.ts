import { SEARCH_SECONDS } from './wall-occurrences.js'
import type { Exclusion } from './exclusion.js'
import type { OccurrenceSource } from './occurrence-source.js'

/** The limits and exclusions of a source of occurrences. */
export interface Limits {
  /** First instant allowed. */
  readonly startMs: number
  /** Last instant allowed. */
  readonly endMs: number
  readonly exclusions: readonly Exclusion[]
  /** One excluded instant. */
  readonly skipMs: number | null
}

/**
 * Most excluded occurrences in a row before a search ends without a result, so that exclusions of all occurrences do
 * not block the event loop. A whole excluded day, hour or minute counts as one.
 */
export const MAX_EXCLUDED = 5_000

/** Applies limits to a source. */
export function limitOccurrences(source: OccurrenceSource, limits: Limits): OccurrenceSource {
  const { startMs, endMs, exclusions, skipMs } = limits
  return {
    next(afterMs) {
      let after = Math.max(afterMs, startMs - 1)
      const horizon = after + SEARCH_SECONDS * 1000
      for (let excluded = 0; excluded < MAX_EXCLUDED; excluded++) {
        const found = source.next(after)
        if (found === null || found > endMs || (excluded > 0 && found > horizon)) return null
        const until = coveredUntil(exclusions, found)
        if (until === null && found !== skipMs) return found
        after = until === null ? found : until - 1
      }
      return null
    },
    previous(beforeMs) {
      let before = Math.min(beforeMs, endMs + 1)
      const horizon = before - SEARCH_SECONDS * 1000
      for (let excluded = 0; excluded < MAX_EXCLUDED; excluded++) {
        const found = source.previous(before)
        if (found === null || found < startMs || (excluded > 0 && found < horizon)) return null
        const from = coveredFrom(exclusions, found)
        if (from === null && found !== skipMs) return found
        before = from === null ? found : from
      }
      return null
    },
  }
}

function coveredUntil(exclusions: readonly Exclusion[], atMs: number): number | null {
  for (const exclusion of exclusions) {
    const until = exclusion.coveredUntil(atMs)
    if (until !== null) return until
  }
  return null
}

function coveredFrom(exclusions: readonly Exclusion[], atMs: number): number | null {
  for (const exclusion of exclusions) {
    const from = exclusion.coveredFrom(atMs)
    if (from !== null) return from
  }
  return null
}
