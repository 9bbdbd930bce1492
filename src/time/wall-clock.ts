import type { Zone } from './zone.js'

/** What a clock on the wall shows at an instant, in seconds since 1970-01-01 00:00 on that clock. */
export function wallOfInstant(zone: Zone, second: number): number {
  return second + zone.segmentAt(second).offset
}

/**
 * The instant (epoch seconds) at which a clock on the wall shows a time: the first one where it comes twice; where it
 * does not exist, as far after the gap as the time lies inside it (RFC 5545).
 */
export function instantOfWall(zone: Zone, wall: number): number {
  // A day earlier no offset can have passed the time yet.
  let segment = zone.segmentAt(wall - 26 * 3600)
  while (wall - segment.offset >= segment.end && wall - segment.offsetAfter >= segment.end) {
    segment = zone.segmentAt(segment.end)
  }
  return wall - segment.offset
}
