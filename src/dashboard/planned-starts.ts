import { parseDuration, preview } from '../index.js'
import type { TriggerGroup } from './trigger-group.js'

/** The first instants of a trigger that are computed; few have more in an hour. */
const FIRST_COUNT = 8
const MOST_COUNT = 2_000
const GROWTH = 8

interface Range {
  readonly fromMs: number
  readonly bucketMs: number
  /** Starts up to this instant are not counted. */
  readonly afterMs: number
}

/**
 * Adds the starts of one trigger to the buckets, as often as schedules have it. Stops now and then, so that whoever counts
 * a trigger that fires each second for a week can give the event loop back meanwhile.
 */
export function* addStarts(
  counts: number[],
  { definition, name }: TriggerGroup,
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
    // Many starts in each bucket: they are as many in all of them.
    for (let index = 0; index < counts.length; index++) {
      const openMs = Math.min(bucketMs, fromMs + (index + 1) * bucketMs - afterMs)
      if (openMs > 0) counts[index]! += Math.round((size * openMs) / periodMs)
    }
    return
  }
  let count = FIRST_COUNT
  for (let from = Math.max(fromMs - 1, afterMs); ;) {
    const entries = preview(definition, { from, count, name })
    for (const { at } of entries) {
      const ms = at.getTime()
      if (ms >= endMs) return
      counts[Math.floor((ms - fromMs) / bucketMs)]! += size
    }
    if (entries.length < count) return
    from = entries.at(-1)!.at.getTime()
    count = Math.min(MOST_COUNT, count * GROWTH)
    yield
  }
}
