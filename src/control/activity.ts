import type { ScheduleStore } from './store.js'
import { withUnreachable } from './unreachable.js'
import { parseInstant } from '../time/instant.js'
import { wrongValue } from '../schedule/field-values.js'
import type { Instant } from '../schedule/definition.js'
import type { HistoryOutcome } from './history.js'

/** What became of occurrences in one minute, in the whole fleet; they count where they ended. */
export interface ActivityMinute {
  /** Begin of the minute. */
  at: Date
  /** How many runs succeeded. */
  ok: number
  /** How many runs failed after their last attempt. */
  failed: number
  /** How many occurrences ended without a run. */
  skipped: number
  /** How many runs ended because their worker died or gave them up. */
  abandoned: number
  /** How many runs were cancelled or replaced. */
  cancelled: number
  /** How many of them started a second or more late. */
  late: number
  /** How many began how late: the first under 1 ms, the second 1 ms, then 2 to 3, 4 to 7, 8 to 15 ms, … */
  lateness: number[]
  /** How many took how long, on the same scale. */
  duration: number[]
}

const MINUTE_MS = 60_000
/** Minutes are kept for so long, and no more are read. */
const KEPT_MINUTES = 1_500
/** The step of the scale that begins at 1 024 ms. */
const LATE_STEP = 11
const OUTCOMES = ['ok', 'failed', 'skipped', 'abandoned', 'cancelled'] as const satisfies HistoryOutcome[]

/**
 * Minutes, oldest first. `unreachableShards` are the shards that did not answer, by index from 0, whose occurrences are
 * missing here; left out where all answered.
 */
export type Activity = ActivityMinute[] & { unreachableShards?: number[] }

/** Reads the minutes of a range, both ends included; a minute in which nothing ended is left out. */
export async function readActivity(store: ScheduleStore, from: Instant, to: Instant): Promise<Activity> {
  const [fromMs, toMs] = [parseInstant(from, 'from', 'UTC'), parseInstant(to, 'to', 'UTC')]
  if (fromMs > toMs) throw wrongValue('from', from, 'an instant before to', 'ERR_EVERYBEAT_OPTIONS')
  const last = Math.floor(toMs / MINUTE_MS)
  const first = Math.max(Math.floor(fromMs / MINUTE_MS), last - KEPT_MINUTES + 1)
  const { minutes, unreachable } = await store.minutes(first, last)
  // Shard after shard was read: a minute that only a later one knows came behind.
  const inOrder = [...minutes].sort(([one], [other]) => one - other)
  return withUnreachable(
    inOrder.map(([number, fields]) => toMinute(number, fields)),
    unreachable,
  )
}

function toMinute(number: number, fields: readonly (readonly [field: string, count: number])[]): ActivityMinute {
  const minute: ActivityMinute = {
    at: new Date(number * MINUTE_MS),
    ...{ ok: 0, failed: 0, skipped: 0, abandoned: 0, cancelled: 0, late: 0 },
    lateness: [],
    duration: [],
  }
  for (const [field, count] of fields) {
    const [, outcome, late, took] = /^([a-z]+):(\d{1,2}):(\d{1,2})$/.exec(field) ?? []
    const known = OUTCOMES.find((each) => each === outcome)
    // Any program may have written there.
    if (known === undefined || !(count > 0)) continue
    minute[known] += count
    if (known === 'skipped') continue
    add(minute.lateness, Number(late), count)
    add(minute.duration, Number(took), count)
    if (Number(late) >= LATE_STEP) minute.late += count
  }
  return minute
}

function add(counts: number[], step: number, count: number): void {
  while (counts.length <= step) counts.push(0)
  counts[step]! += count
}
