import { DAY_SECONDS } from './civil.js'
import type { CronFields } from './cron-fields.js'
import type { Cron } from './cron.js'
import { excludeWall, type Exclusion, type WallCover } from './exclusion.js'
import type { Segment, Zone } from './zone.js'

/** The values that the wall-clock times of a trigger can have. */
export type UsedTimes = Pick<CronFields, 'seconds' | 'minutes' | 'hours'>

/**
 * A cron as an exclusion: every instant whose wall-clock time it names (the whole minute for a cron without seconds),
 * in both passes of a repeated hour, and the instant to which it moves a time that a gap removes.
 */
export function excludeCron(cron: Cron, zone: Zone, used: UsedTimes | null): Exclusion {
  const times: UsedTimes = cron.hasSeconds ? cron.fields : { ...cron.fields, seconds: EVERY_60 }
  const text = `cron ${cron.hasSeconds ? '' : '(whole minutes) '}${cron.normalized}`
  const exact = excludeWall(text, coverTimes(cron, times), zone)
  // Adding values that the trigger never has changes nothing, and joins stretches, so that a search takes longer steps.
  const wide = used === null ? exact : excludeWall(text, coverTimes(cron, widen(times, used)), zone)
  return {
    text,
    coveredUntil(atMs) {
      const second = Math.floor(atMs / 1000)
      const segment = zone.segmentAt(second)
      if (isOrdinary(segment, second)) return wide.coveredUntil(atMs)
      return exact.coveredUntil(atMs) ?? (isMoved(cron, second) ? (second + 1) * 1000 : null)
    },
    coveredFrom(atMs) {
      const second = Math.floor(atMs / 1000)
      const segment = zone.segmentAt(second)
      if (!isOrdinary(segment, second)) return exact.coveredFrom(atMs) ?? (isMoved(cron, second) ? second * 1000 : null)
      const from = wide.coveredFrom(atMs)
      return from === null ? null : Math.max(from, afterMoved(segment) * 1000)
    },
  }
}

const EVERY_60: ReadonlySet<number> = new Set(Array.from({ length: 60 }, (_, value) => value))

function widen(excluded: UsedTimes, used: UsedTimes): UsedTimes {
  const add = (name: keyof UsedTimes, size: number): ReadonlySet<number> =>
    new Set([...EVERY_60].slice(0, size).filter((value) => excluded[name].has(value) || !used[name].has(value)))
  return { seconds: add('seconds', 60), minutes: add('minutes', 60), hours: add('hours', 24) }
}

/**
 * Whether a second is neither one to which a gap may have moved times, which the trigger need not name, nor in local
 * mean time.
 */
function isOrdinary(segment: Segment, second: number): boolean {
  return second >= afterMoved(segment) && segment.offset % 900 === 0
}

function afterMoved({ start, offset, offsetBefore }: Segment): number {
  return start + Math.max(0, offset - offsetBefore)
}

function isMoved(cron: Cron, second: number): boolean {
  const from = cron.hasSeconds ? second : Math.floor(second / 60) * 60
  return cron.next(from * 1000 - 1) === from * 1000
}

/** Runs of named times: of seconds in a minute, else of minutes in an hour, else of hours in a day, else of days. */
function coverTimes(cron: Cron, { seconds, minutes, hours }: UsedTimes): WallCover {
  const covers = (wall: number): boolean => {
    const day = Math.floor(wall / DAY_SECONDS)
    const time = wall - day * DAY_SECONDS
    if (!seconds.has(time % 60) || !minutes.has(Math.floor(time / 60) % 60)) return false
    return hours.has(Math.floor(time / 3600)) && cron.namesDay(day)
  }
  const [unit, values] = seconds.size < 60 ? [1, seconds] : minutes.size < 60 ? [60, minutes] : [3600, hours]
  const size = unit === 3600 ? 24 : 60
  const byDays = values.size === size
  return {
    coveredUntil(wall) {
      if (!covers(wall)) return null
      return byDays ? (lastDay(cron, wall, 1) + 1) * DAY_SECONDS : runEnd(wall, unit, size, values)
    },
    coveredFrom(wall) {
      if (!covers(wall)) return null
      return byDays ? lastDay(cron, wall, -1) * DAY_SECONDS : runStart(wall, unit, size, values)
    },
  }
}

/** Longest run in one step, days: most of a longer one would be cut at the next clock change. */
const MAX_RUN_DAYS = 31

function lastDay(cron: Cron, wall: number, direction: 1 | -1): number {
  let day = Math.floor(wall / DAY_SECONDS)
  for (let count = 0; count < MAX_RUN_DAYS && cron.namesDay(day + direction); count++) day += direction
  return day
}

function runEnd(wall: number, unit: number, size: number, values: ReadonlySet<number>): number {
  const base = Math.floor(wall / (unit * size)) * unit * size
  let value = Math.floor((wall - base) / unit)
  while (value < size && values.has(value)) value++
  return base + value * unit
}

function runStart(wall: number, unit: number, size: number, values: ReadonlySet<number>): number {
  const base = Math.floor(wall / (unit * size)) * unit * size
  let value = Math.floor((wall - base) / unit)
  while (value > 0 && values.has(value - 1)) value--
  return base + value * unit
}
