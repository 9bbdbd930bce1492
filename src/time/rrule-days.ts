import { dateOfDays, dayOf, daysInMonth, daysToDate, daysToMonth, monthOf, weekdayOfDays, yearOf } from './civil.js'
import { isSubDaily, type RruleRule } from './rrule-rule.js'

/**
 * The days of a rule. Days are numbers since 1970-01-01. If the frequency is longer than a day, an absent part is taken
 * from the day of DTSTART, as RFC 5545 requires; every part then restricts the days of a period.
 */
export class RruleDays {
  readonly #rule: RruleRule
  readonly #start: number
  readonly #months: ReadonlySet<number>
  readonly #monthDays: ReadonlySet<number>
  readonly #yearDays: ReadonlySet<number>
  readonly #weeks: ReadonlySet<number>
  readonly #weekdays: ReadonlySet<number>
  readonly #narrowed: boolean
  readonly #nthInYear: boolean

  constructor(rule: RruleRule, startDay: number) {
    const { frequency, monthDays, yearDays, weeks, weekdays } = rule
    const start = dateOfDays(startDay)
    const dated = monthDays.length > 0 || yearDays.length > 0 || weekdays.length > 0
    const yearly = frequency === 'YEARLY' && !dated
    const byWeek = (frequency === 'WEEKLY' && weekdays.length === 0) || (yearly && weeks.length > 0)
    const byDate = (yearly && weeks.length === 0) || (frequency === 'MONTHLY' && !dated)
    this.#rule = rule
    this.#start = startDay
    this.#months = new Set(byDate && yearly && rule.months.length === 0 ? [monthOf(start)] : rule.months)
    this.#monthDays = new Set(byDate ? [dayOf(start)] : monthDays)
    this.#yearDays = new Set(yearDays)
    this.#weeks = new Set(weeks)
    this.#weekdays = new Set(
      byWeek ? [weekdayOfDays(startDay)] : weekdays.filter(({ nth }) => nth === 0).map(({ weekday }) => weekday),
    )
    this.#narrowed = byWeek || weekdays.length > 0
    this.#nthInYear = frequency === 'YEARLY' && rule.months.length === 0
  }

  /** Whether a day is one of the rule's. */
  has(day: number): boolean {
    const date = dateOfDays(day)
    return this.#periodRest(day, date) === 0 && this.#isNamed(day, date)
  }

  /** The next day after a day that may be one of the rule's. */
  after(day: number): number {
    const next = day + 1
    const date = dateOfDays(next)
    const rest = this.#periodRest(next, date)
    if (rest !== 0) return this.#periodStart(next, date, this.#rule.interval - rest)
    return this.#skipsMonth(date)
      ? daysToMonth(yearOf(date), monthOf(date)) + daysInMonth(yearOf(date), monthOf(date))
      : next
  }

  /** The last day before a day that may be one of the rule's. */
  before(day: number): number {
    const last = day - 1
    const date = dateOfDays(last)
    const rest = this.#periodRest(last, date)
    if (rest !== 0) return this.#periodStart(last, date, 1 - rest) - 1
    return this.#skipsMonth(date) ? daysToMonth(yearOf(date), monthOf(date)) - 1 : last
  }

  /** First and last day of the period (day, week, month or year) that holds a day. */
  periodOf(day: number): { readonly first: number; readonly last: number } {
    const date = dateOfDays(day)
    return { first: this.#periodStart(day, date, 0), last: this.#periodStart(day, date, 1) - 1 }
  }

  /** The number of periods from the last allowed period to the day: 0 … interval - 1. */
  #periodRest(day: number, date: number): number {
    const { interval, frequency } = this.#rule
    if (interval === 1 || isSubDaily(frequency)) return 0
    const rest = this.#periodNumber(day, date) % interval
    return rest < 0 ? rest + interval : rest
  }

  /** Periods since the one that holds DTSTART. */
  #periodNumber(day: number, date: number): number {
    const start = dateOfDays(this.#start)
    switch (this.#rule.frequency) {
      case 'YEARLY':
        return yearOf(date) - yearOf(start)
      case 'MONTHLY':
        return (yearOf(date) - yearOf(start)) * 12 + monthOf(date) - monthOf(start)
      case 'WEEKLY':
        return (this.#weekStart(day) - this.#weekStart(this.#start)) / 7
      default:
        return day - this.#start
    }
  }

  /** First day of the period that lies `ahead` periods after the one that holds a day. */
  #periodStart(day: number, date: number, ahead: number): number {
    switch (this.#rule.frequency) {
      case 'YEARLY':
        return daysToMonth(yearOf(date) + ahead, 1)
      case 'MONTHLY': {
        const month = yearOf(date) * 12 + monthOf(date) - 1 + ahead
        return daysToMonth(Math.floor(month / 12), month - Math.floor(month / 12) * 12 + 1)
      }
      case 'WEEKLY':
        return this.#weekStart(day) + ahead * 7
      default:
        return day + ahead
    }
  }

  #weekStart(day: number): number {
    return day - ((weekdayOfDays(day) - this.#rule.weekStart + 7) % 7)
  }

  #skipsMonth(date: number): boolean {
    return this.#months.size > 0 && !this.#months.has(monthOf(date))
  }

  #isNamed(day: number, date: number): boolean {
    if (this.#skipsMonth(date)) return false
    const year = yearOf(date)
    const length = daysInMonth(year, monthOf(date))
    if (this.#monthDays.size > 0 && !hasPlace(this.#monthDays, dayOf(date), length)) return false
    const yearDay = day - daysToMonth(year, 1) + 1
    const yearLength = 337 + daysInMonth(year, 2)
    if (this.#yearDays.size > 0 && !hasPlace(this.#yearDays, yearDay, yearLength)) return false
    if (this.#weeks.size > 0 && !this.#isWeekNamed(day)) return false
    if (!this.#narrowed || this.#weekdays.has(weekdayOfDays(day))) return true
    return this.#nthInYear ? this.#isNth(day, yearDay, yearLength) : this.#isNth(day, dayOf(date), length)
  }

  #isNth(day: number, place: number, length: number): boolean {
    const weekday = weekdayOfDays(day)
    const fromStart = Math.ceil(place / 7)
    const fromEnd = -Math.ceil((length - place + 1) / 7)
    return this.#rule.weekdays.some((one) => one.weekday === weekday && (one.nth === fromStart || one.nth === fromEnd))
  }

  /** Week 1 is the first with at least four days in the year; the week of a day may belong to a neighbouring year. */
  #isWeekNamed(day: number): boolean {
    const middle = this.#weekStart(day) + 3
    const year = yearOf(dateOfDays(middle))
    const week = Math.floor((middle - daysToMonth(year, 1)) / 7) + 1
    const lastMiddle = this.#weekStart(daysToDate(year, 12, 28)) + 3
    return hasPlace(this.#weeks, week, Math.floor((lastMiddle - daysToMonth(year, 1)) / 7) + 1)
  }
}

/** Whether a set names a place in a row, counted from its start or, negative, from its end. */
function hasPlace(places: ReadonlySet<number>, place: number, length: number): boolean {
  return places.has(place) || places.has(place - length - 1)
}
