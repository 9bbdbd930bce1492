import { CronExpressionParser } from 'cron-parser'
import type { CronText } from './cron-text.js'

/** The items of a cron expression as sets of values. */
export interface CronFields {
  readonly seconds: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly daysOfMonth: ReadonlySet<number>
  /** `L`: the last day of the month. */
  readonly lastDay: boolean
  /** `LW`: the last Monday to Friday of the month. */
  readonly lastWorkday: boolean
  /** `nW`: the Monday to Friday nearest to day n, inside the month. */
  readonly nearestWorkdays: ReadonlySet<number>
  readonly daysOfWeek: ReadonlySet<number>
  /** `nL`: the last weekday n of the month. */
  readonly lastWeekdays: ReadonlySet<number>
  /** `n#k`: the k-th weekday n of the month, as n × 8 + k. */
  readonly nthWeekdays: ReadonlySet<number>
}

/** Expands a checked cron expression; the library reads values, names, ranges, steps, `L` and `#`. */
export function expandCronText(text: CronText): CronFields {
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = text.fields
  const sets = emptyFields()
  for (const item of dayOfMonth!) readWorkday(sets, item)
  const days = dayOfMonth!.filter((item) => !item.endsWith('W'))
  // The library refuses lists whose items share a value, so each round reads one item of every field.
  const rounds = Math.max(second!.length, minute!.length, hour!.length, days.length, dayOfWeek!.length)
  for (let round = 0; round < rounds; round++) {
    const pick = (items: readonly string[]): string => items[Math.min(round, items.length - 1)] ?? '1'
    const read = parse(`${pick(second!)} ${pick(minute!)} ${pick(hour!)} ${pick(days)} * ${pick(dayOfWeek!)}`)
    addNumbers(sets.seconds, read.second.values)
    addNumbers(sets.minutes, read.minute.values)
    addNumbers(sets.hours, read.hour.values)
    if (days.length > 0) addNumbers(sets.daysOfMonth, read.dayOfMonth.values)
    if (days.length > 0 && read.dayOfMonth.hasLastChar) sets.lastDay = true
    readWeekdays(sets, read.dayOfWeek.values, read.dayOfWeek.nthDay)
  }
  // Months are parsed without days, because with a day the library also checks whether such a date exists.
  for (const item of month!)
    if (item === '*') addNumbers(sets.months, ALL_MONTHS)
    else addNumbers(sets.months, parse(`0 0 0 1 ${item} *`).month.values)
  return sets
}

const ALL_MONTHS = Array.from({ length: 12 }, (_, index) => index + 1)

type GrowingFields = { -readonly [Key in keyof CronFields]: CronFields[Key] extends boolean ? boolean : Set<number> }

function emptyFields(): GrowingFields {
  return {
    seconds: new Set(),
    minutes: new Set(),
    hours: new Set(),
    months: new Set(),
    daysOfMonth: new Set(),
    lastDay: false,
    lastWorkday: false,
    nearestWorkdays: new Set(),
    daysOfWeek: new Set(),
    lastWeekdays: new Set(),
    nthWeekdays: new Set(),
  }
}

/** A fixed start keeps the library from reading the clock; its stepping is not used. */
function parse(expression: string) {
  return CronExpressionParser.parse(expression, { currentDate: 0, tz: 'UTC' }).fields
}

function addNumbers(target: Set<number>, values: readonly unknown[]): void {
  for (const value of values) if (typeof value === 'number') target.add(value)
}

function readWorkday(sets: GrowingFields, item: string): void {
  if (item === 'LW') sets.lastWorkday = true
  else if (item.endsWith('W')) sets.nearestWorkdays.add(Number(item.slice(0, -1)))
}

function readWeekdays(sets: GrowingFields, values: readonly unknown[], nth: number): void {
  for (const value of values) {
    if (typeof value === 'string') sets.lastWeekdays.add(Number.parseInt(value, 10) % 7)
    else if (nth > 0) sets.nthWeekdays.add((Number(value) % 7) * 8 + nth)
    else sets.daysOfWeek.add(Number(value) % 7)
  }
}
