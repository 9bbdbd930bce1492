import type { Exclusion } from './exclusion.js'
import type { OccurrenceSource } from './occurrence-source.js'

/** What takes occurrences away from a source. */
export interface Limits {
  /** First instant allowed. */
  readonly startMs: number
  /** Last instant allowed. */
  readonly endMs: number
  readonly exclusions: readonly Exclusion[]
  /** One instant that is left out. */
  readonly skipMs: number | null
}

/**
 * A search that meets this many excluded occurrences in a row gives up and answers none, so that exclusions that take
 * away everything cannot hold up the event loop. Whole excluded days, hours and minutes count as one.
 */
export const MAX_EXCLUDED = 50_000

/** Applies limits to a source. */
export function limitOccurrences(source: OccurrenceSource, limits: Limits): OccurrenceSource {
  const { startMs, endMs, exclusions, skipMs } = limits
  return {
    next(afterMs) {
      let after = Math.max(afterMs, startMs - 1)
      for (let excluded = 0; excluded < MAX_EXCLUDED; excluded++) {
        const found = source.next(after)
        if (found === null || found > endMs) return null
        const cover = coverAt(exclusions, found)
        if (cover === null && found !== skipMs) return found
        after = cover === null ? found : cover.until - 1
      }
      return null
    },
    previous(beforeMs) {
      let before = Math.min(beforeMs, endMs + 1)
      for (let excluded = 0; excluded < MAX_EXCLUDED; excluded++) {
        const found = source.previous(before)
        if (found === null || found < startMs) return null
        const cover = coverAt(exclusions, found)
        if (cover === null && found !== skipMs) return found
        before = cover === null ? found : cover.from
      }
      return null
    },
  }
}

function coverAt(exclusions: readonly Exclusion[], atMs: number) {
  for (const exclusion of exclusions) {
    const cover = exclusion.coverAt(atMs)
    if (cover !== null) return cover
  }
  return null
}
