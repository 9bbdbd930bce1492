import type { OccurrenceSource } from './occurrence-source.js'

/** One occurrence. */
export function createAt(atMs: number): OccurrenceSource {
  return {
    next: (afterMs) => (atMs > afterMs ? atMs : null),
    previous: (beforeMs) => (atMs < beforeMs ? atMs : null),
  }
}
