import { DAY_SECONDS, dateOfDays, dayOf, daysInMonth, daysToMonth, monthOf, yearOf } from './civil.js'
import type { CronDays } from './cron-days.js'

/**
 * A cron expression on a clock without zone. Wall-clock times are seconds since 1970-01-01 00:00 on that clock. Every
 * step is a look-up in a table of the field's values, so nothing here walks through seconds, minutes or hours.
 */
export class WallPattern {
  readonly #days: CronDays
  readonly #seconds: ValueTable
  readonly #minutes: ValueTable
  readonly #hours: ValueTable
  readonly #firstTime: number
  readonly #lastTime: number

  constructor(days: CronDays, hours: ReadonlySet<number>, minutes: ReadonlySet<number>, seconds: ReadonlySet<number>) {
    this.#days = days
    this.#hours = valueTable(hours, 24)
    this.#minutes = valueTable(minutes, 60)
    this.#seconds = valueTable(seconds, 60)
    this.#firstTime = Math.min(...hours) * 3600 + Math.min(...minutes) * 60 + Math.min(...seconds)
    this.#lastTime = Math.max(...hours) * 3600 + Math.max(...minutes) * 60 + Math.max(...seconds)
  }

  /** The first named time at or after `wall`; Infinity when there is none up to `limit`. */
  next(wall: number, limit: number): number {
    if (wall > limit) return Infinity
    const days = Math.floor(wall / DAY_SECONDS)
    const date = dateOfDays(days)
    let year = yearOf(date)
    let month = monthOf(date)
    let firstDay = days - dayOf(date) + 1
    let mask = this.#days.maskOf(year, month, firstDay)
    const bit = dayOf(date) - 1
    if ((mask & (1 << bit)) !== 0) {
      const time = this.#nextTime(wall - days * DAY_SECONDS)
      if (time >= 0) return days * DAY_SECONDS + time
    }
    mask = bit === 30 ? 0 : mask & (-1 << (bit + 1))
    while (mask === 0) {
      firstDay += daysInMonth(year, month)
      if (firstDay * DAY_SECONDS > limit) return Infinity
      if (month === 12) {
        month = 1
        year++
      } else month++
      mask = this.#days.maskOf(year, month, firstDay)
    }
    return (firstDay + lowestBit(mask)) * DAY_SECONDS + this.#firstTime
  }

  /** The last named time at or before `wall`; -Infinity when there is none down to `limit`. */
  previous(wall: number, limit: number): number {
    if (wall < limit) return -Infinity
    const days = Math.floor(wall / DAY_SECONDS)
    const date = dateOfDays(days)
    let year = yearOf(date)
    let month = monthOf(date)
    let firstDay = daysToMonth(year, month)
    let mask = this.#days.maskOf(year, month, firstDay)
    const bit = dayOf(date) - 1
    if ((mask & (1 << bit)) !== 0) {
      const time = this.#previousTime(wall - days * DAY_SECONDS)
      if (time >= 0) return days * DAY_SECONDS + time
    }
    mask &= (1 << bit) - 1
    while (mask === 0) {
      if (firstDay * DAY_SECONDS < limit) return -Infinity
      if (month === 1) {
        month = 12
        year--
      } else month--
      firstDay -= daysInMonth(year, month)
      mask = this.#days.maskOf(year, month, firstDay)
    }
    return (firstDay + 31 - Math.clz32(mask)) * DAY_SECONDS + this.#lastTime
  }

  /** Whether a time is named. */
  matches(wall: number): boolean {
    return this.next(wall, wall) === wall
  }

  #nextTime(time: number): number {
    const hour = (time / 3600) | 0
    const minute = ((time / 60) | 0) - hour * 60
    const nextHour = this.#hours.next[hour]!
    if (nextHour === NONE) return -1
    if (nextHour > hour) return nextHour * 3600 + (this.#firstTime % 3600)
    const nextMinute = this.#minutes.next[minute]!
    if (nextMinute === minute) {
      const second = this.#seconds.next[time - hour * 3600 - minute * 60]!
      if (second !== NONE) return hour * 3600 + minute * 60 + second
    }
    const laterMinute = this.#minutes.next[minute + 1]!
    if (laterMinute !== NONE) return hour * 3600 + laterMinute * 60 + (this.#firstTime % 60)
    const laterHour = this.#hours.next[hour + 1]!
    return laterHour === NONE ? -1 : laterHour * 3600 + (this.#firstTime % 3600)
  }

  #previousTime(time: number): number {
    const hour = (time / 3600) | 0
    const minute = ((time / 60) | 0) - hour * 60
    const previousHour = this.#hours.previous[hour + 1]!
    if (previousHour === NONE) return -1
    if (previousHour < hour) return previousHour * 3600 + (this.#lastTime % 3600)
    if (this.#minutes.previous[minute + 1] === minute) {
      const second = this.#seconds.previous[time - hour * 3600 - minute * 60 + 1]!
      if (second !== NONE) return hour * 3600 + minute * 60 + second
    }
    const earlierMinute = this.#minutes.previous[minute]!
    if (earlierMinute !== NONE) return hour * 3600 + earlierMinute * 60 + (this.#lastTime % 60)
    const earlierHour = this.#hours.previous[hour]!
    return earlierHour === NONE ? -1 : earlierHour * 3600 + (this.#lastTime % 3600)
  }
}

const NONE = -1

interface ValueTable {
  /** `next[v]`: the smallest value at or above v. */
  readonly next: Int8Array
  /** `previous[v + 1]`: the greatest value at or below v. */
  readonly previous: Int8Array
}

const tables = new Map<string, ValueTable>()

/** Tables are kept: most schedules share a few of them. */
function valueTable(values: ReadonlySet<number>, size: number): ValueTable {
  const key = `${size}:${[...values].sort((left, right) => left - right).join(',')}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const next = new Int8Array(size + 1).fill(NONE)
  const previous = new Int8Array(size + 1).fill(NONE)
  for (let value = size - 1; value >= 0; value--) next[value] = values.has(value) ? value : next[value + 1]!
  for (let value = 0; value < size; value++) previous[value + 1] = values.has(value) ? value : previous[value]!
  if (tables.size >= 1_000) tables.clear()
  tables.set(key, { next, previous })
  return { next, previous }
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}
