import { parseDuration, preview } from '../index.js'
import type { TriggerGroup } from './trigger-group.js'

/** Number of instants of a trigger that are computed at first; few triggers have more in an hour. */
const FIRST_COUNT = 8
const MOST_COUNT = 2_000
const GROWTH = 8

interface Range {
  readonly fromMs: number
  readonly bucketMs: number
  /** Starts up to this instant are not counted. */
  readonly afterMs: number
  /** The jitter that schedules with less jitter are given, ms; 0: each keeps its own. */
  readonly leastJitterMs: number
}

/**
 * Adds the starts of one trigger to the buckets, once for each of its schedules. Yields at intervals, so that the caller
 * can release the event loop while it counts a trigger that fires each second for a week.
 */
export function* addStarts(
  counts: number[],
  { definition, name, jitterMs }: TriggerGroup,
  size: number,
  range: Range,
): Generator<void> {
  const { fromMs, bucketMs, afterMs } = range
  const endMs = fromMs + bucketMs * counts.length
  const periodMs = definition.every === undefined ? null : parseDuration(definition.every, 'every')
  const isPlain =
    periodMs !== null &&
    definition.exclude === undefined &&
    definition.start === undefined &&
    definition.end === undefined
  if (isPlain && periodMs * 4 <= bucketMs) {
    // A trigger with many starts in each bucket has the same number in all of them.
    for (let index = 0; index < counts.length; index++) {
      const openMs = Math.min(bucketMs, fromMs + (index + 1) * bucketMs - afterMs)
      if (openMs > 0) counts[index]! += Math.round((size * openMs) / periodMs)
    }
    return
  }
  const spreadMs = Math.max(jitterMs, range.leastJitterMs)
  let count = FIRST_COUNT
  // Jitter may move starts from before the range into it.
  for (let from = Math.max(fromMs - 1 - spreadMs, afterMs); ;) {
    const entries = preview(definition, { from, count, name })
    for (const [index, { at }] of entries.entries()) {
      const ms = at.getTime()
      if (ms >= endMs) return
      // Jitter does not exceed the next occurrence, which is not known here for the last occurrence of a page.
      const nextMs = entries[index + 1]?.at.getTime() ?? ms + spreadMs + 1
      spreadStarts(counts, size, range, [ms, Math.min(spreadMs, nextMs - ms - 1)])
    }
    if (entries.length < count) return
    from = entries.at(-1)!.at.getTime()
    count = Math.min(MOST_COUNT, count * GROWTH)
    yield
  }
}

/** Adds starts that are spread evenly over some time from an instant on, each in its bucket. */
function spreadStarts(
  counts: number[],
  size: number,
  { fromMs, bucketMs }: Range,
  [ms, spreadMs]: readonly [ms: number, spreadMs: number],
): void {
  const first = Math.floor((ms - fromMs) / bucketMs)
  const last = Math.floor((ms + spreadMs - fromMs) / bucketMs)
  let placed = 0
  for (let index = first; index <= last; index++) {
    const untilMs = fromMs + (index + 1) * bucketMs
    const share = index === last ? 1 : (untilMs - ms) / (spreadMs + 1)
    const sum = Math.round(size * share)
    if (index >= 0 && index < counts.length) counts[index]! += sum - placed
    placed = sum
  }
}
