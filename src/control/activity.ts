import type { ScheduleStore } from './store.js'
import { withUnreachable } from './unreachable.js'
import { parseInstant } from '../time/instant.js'
import { wrongValue } from '../schedule/field-values.js'
import type { Instant } from '../schedule/definition.js'
import type { HistoryOutcome } from './history.js'

/** The outcomes of the occurrences of the whole fleet that ended in one minute. */
export interface ActivityMinute {
  /** Start of the minute. */
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
  /** How many of these runs started a second or more late. */
  late: number
  /**
   * A histogram of lateness: the number of runs that started under 1 ms late, 1 ms late, then 2 to 3, 4 to 7, 8 to 15
   * ms late, …
   */
  lateness: number[]
  /** A histogram of the durations of runs, on the same scale. */
  duration: number[]
}

const MINUTE_MS = 60_000
/** Number of minutes that are kept, and at most read. */
const KEPT_MINUTES = 1_500
/** Index of the step of the scale that begins at 1 024 ms. */
const LATE_STEP = 11
const OUTCOMES = ['ok', 'failed', 'skipped', 'abandoned', 'cancelled'] as const satisfies HistoryOutcome[]

/**
 * Minutes, oldest first. `unreachableShards` are the indexes, from 0, of the shards that did not answer, whose
 * occurrences are missing; absent when all shards answered.
 */
export type Activity = ActivityMinute[] & { unreachableShards?: number[] }

/** Reads the minutes of a range, both ends included, without the minutes in which no occurrence ended. */
export async function readActivity(store: ScheduleStore, from: Instant, to: Instant): Promise<Activity> {
  const [fromMs, toMs] = [parseInstant(from, 'from', 'UTC'), parseInstant(to, 'to', 'UTC')]
  if (fromMs > toMs) throw wrongValue('from', from, 'an instant before to', 'ERR_EVERYBEAT_OPTIONS')
  const last = Math.floor(toMs / MINUTE_MS)
  const first = Math.max(Math.floor(fromMs / MINUTE_MS), last - KEPT_MINUTES + 1)
  const { minutes, unreachable } = await store.minutes(first, last)
  // The shards were read in turn, so a minute of a later shard can follow a later minute of an earlier shard.
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
    // Any program may have written the key.
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
