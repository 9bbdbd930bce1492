import { dateOfDays, dayOf, daysInMonth, daysToMonth, monthOf, weekdayOfDays, yearOf } from './civil.js'
import type { CronFields } from './cron-fields.js'

/** The days that a cron expression names, as bits: day d of a month is bit d - 1. */
export class CronDays {
  readonly #months: number
  /** One mask for each pair of a month's length (28-31) and the weekday of its first day. */
  readonly #masks = new Int32Array(28).fill(UNKNOWN)
  readonly #fields: CronFields
  readonly #combine: 'either' | 'both'

  constructor(fields: CronFields, combine: 'either' | 'both') {
    let months = 0
    for (const month of fields.months) months |= 1 << month
    this.#months = months
    this.#fields = fields
    this.#combine = combine
  }

  /** Mask of the named days of a month; 0 for none. `firstDay` is the day number of its first day. */
  maskOf(year: number, month: number, firstDay: number): number {
    if ((this.#months & (1 << month)) === 0) return 0
    const shape = (daysInMonth(year, month) - 28) * 7 + weekdayOfDays(firstDay)
    const mask = this.#masks[shape]!
    return mask === UNKNOWN ? this.#fill(shape) : mask
  }

  #fill(shape: number): number {
    const mask = maskOfShape(this.#fields, this.#combine, 28 + Math.floor(shape / 7), shape % 7)
    this.#masks[shape] = mask
    return mask
  }

  /** Whether a day number is named. */
  has(days: number): boolean {
    const date = dateOfDays(days)
    const mask = this.maskOf(yearOf(date), monthOf(date), days - dayOf(date) + 1)
    return (mask & (1 << (dayOf(date) - 1))) !== 0
  }

  /** Whether any date of the calendar is named. All pairs of length and weekday occur within 40 years. */
  get isEmpty(): boolean {
    for (let year = 2000; year < 2028; year++) {
      for (let month = 1; month <= 12; month++)
        if (this.maskOf(year, month, daysToMonth(year, month)) !== 0) return false
    }
    return true
  }
}

/** A mask that is not computed yet; no month has 32 days. */
const UNKNOWN = -1

function maskOfShape(fields: CronFields, combine: 'either' | 'both', length: number, firstWeekday: number): number {
  const byDate = maskOfDates(fields, length, firstWeekday)
  const byWeekday = maskOfWeekdays(fields, length, firstWeekday)
  return combine === 'either' ? byDate | byWeekday : byDate & byWeekday
}

function maskOfDates(fields: CronFields, length: number, firstWeekday: number): number {
  let mask = 0
  for (const day of fields.daysOfMonth) if (day <= length) mask |= 1 << (day - 1)
  for (const day of fields.nearestWorkdays)
    if (day <= length) mask |= 1 << (nearestWorkday(day, length, firstWeekday) - 1)
  if (fields.lastDay) mask |= 1 << (length - 1)
  if (fields.lastWorkday) mask |= 1 << (nearestWorkday(length, length, firstWeekday) - 1)
  return mask
}

function maskOfWeekdays(fields: CronFields, length: number, firstWeekday: number): number {
  let mask = 0
  for (let day = 1; day <= length; day++) {
    const weekday = (firstWeekday + day - 1) % 7
    const named =
      fields.daysOfWeek.has(weekday) ||
      fields.nthWeekdays.has(weekday * 8 + Math.ceil(day / 7)) ||
      (day + 7 > length && fields.lastWeekdays.has(weekday))
    if (named) mask |= 1 << (day - 1)
  }
  return mask
}

/** The Monday to Friday nearest to a day without leaving its month. */
function nearestWorkday(day: number, length: number, firstWeekday: number): number {
  const weekday = (firstWeekday + day - 1) % 7
  if (weekday === 6) return day > 1 ? day - 1 : day + 2
  if (weekday === 0) return day < length ? day + 1 : day - 2
  return day
}
