import { DAY_SECONDS, dateOfDays, dayOf, daysInMonth, daysToMonth, monthOf, yearOf } from './civil.js'
import type { CronDays } from './cron-days.js'
import type { TimesOfDay } from './times-of-day.js'
import type { WallTimes } from './wall-occurrences.js'

/** A cron expression on a clock without zone. Wall-clock times are seconds since 1970-01-01 00:00 on that clock. */
export class WallPattern implements WallTimes {
  readonly #days: CronDays
  readonly #times: TimesOfDay

  constructor(days: CronDays, times: TimesOfDay) {
    this.#days = days
    this.#times = times
  }

  /** The first named time at or after `wall`; Infinity for none up to `limit`. */
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
      const time = this.#times.next(wall - days * DAY_SECONDS)
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
    return (firstDay + lowestBit(mask)) * DAY_SECONDS + this.#times.first
  }

  /** The last named time at or before `wall`; -Infinity for none down to `limit`. */
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
      const time = this.#times.previous(wall - days * DAY_SECONDS)
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
    return (firstDay + 31 - Math.clz32(mask)) * DAY_SECONDS + this.#times.last
  }
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}
