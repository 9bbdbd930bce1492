import type { Zone } from './zone.js'

/** The wall-clock time at an instant, in seconds since 1970-01-01 00:00 on that clock. */
export function wallOfInstant(zone: Zone, second: number): number {
  return second + zone.segmentAt(second).offset
}

/**
 * The instant (epoch seconds) of a wall-clock time: the first one of a repeated time; for a time inside a gap, as far
 * after the gap as the time lies inside it (RFC 5545).
 */
export function instantOfWall(zone: Zone, wall: number): number {
  // More than a day earlier, the wall-clock time lies ahead under every offset.
  let segment = zone.segmentAt(wall - 26 * 3600)
  while (wall - segment.offset >= segment.end && wall - segment.offsetAfter >= segment.end) {
    segment = zone.segmentAt(segment.end)
  }
  return wall - segment.offset
}
