import type { Zone } from './zone.js'

/** A rule that excludes occurrences. Instants are epoch milliseconds. */
export interface Exclusion {
  /** Canonical text. */
  readonly text: string
  /** The end (exclusive) of a stretch from the instant on in which nothing is allowed; null when it is not excluded. */
  coveredUntil(atMs: number): number | null
  /** The start (inclusive) of a stretch up to the instant in which nothing is allowed; null when it is not excluded. */
  coveredFrom(atMs: number): number | null
}

/** Excluded times on a clock without zone, in whole seconds. */
export interface WallCover {
  coveredUntil(wall: number): number | null
  coveredFrom(wall: number): number | null
}

/** Applies excluded wall-clock times in a zone. Stretches end where the zone changes its offset. */
export function excludeWall(text: string, cover: WallCover, zone: Zone): Exclusion {
  return {
    text,
    coveredUntil(atMs) {
      const { offset, end } = zone.segmentAt(Math.floor(atMs / 1000))
      const until = cover.coveredUntil(Math.floor(atMs / 1000) + offset)
      return until === null ? null : Math.min(end, until - offset) * 1000
    },
    coveredFrom(atMs) {
      const { offset, start } = zone.segmentAt(Math.floor(atMs / 1000))
      const from = cover.coveredFrom(Math.floor(atMs / 1000) + offset)
      return from === null ? null : Math.max(start, from - offset) * 1000
    },
  }
}
