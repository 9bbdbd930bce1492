import { WEEKDAYS } from './exclusion-days.js'
import { refuseRrule } from './rrule-text.js'

/** The frequencies of RFC 5545, from the shortest. */
export const FREQUENCIES = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
/** One of the frequencies of RFC 5545. */
export type Frequency = (typeof FREQUENCIES)[number]

/** A weekday of BYDAY; `nth` is 0 for every one, negative from the end. Weekday 0 is Sunday. */
export interface RruleDay {
  readonly weekday: number
  readonly nth: number
}

/** The checked parts of a rule; an empty list is an absent part. */
export interface RruleRule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | null
  /** Text of UNTIL. */
  readonly until: string | null
  readonly weekStart: number
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly weekdays: readonly RruleDay[]
  readonly monthDays: readonly number[]
  readonly yearDays: readonly number[]
  readonly weeks: readonly number[]
  readonly months: readonly number[]
  readonly positions: readonly number[]
}

const KNOWN = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYSECOND', 'BYMINUTE', 'BYHOUR']
const KNOWN_DAYS = ['BYDAY', 'BYMONTHDAY', 'BYYEARDAY', 'BYWEEKNO', 'BYMONTH', 'BYSETPOS']
const MAX_COUNT = 5_000

/** Checks the parts of a rule against RFC 5545, section 3.3.10. */
export function readRule(input: unknown, parts: ReadonlyMap<string, string>): RruleRule {
  const known = [...KNOWN, ...KNOWN_DAYS]
  for (const key of parts.keys())
    if (!known.includes(key)) refuseRrule(input, `${key} is not known; allowed: ${known.join(', ')}`)
  const frequency = parts.get('FREQ') as Frequency
  if (!FREQUENCIES.includes(frequency))
    refuseRrule(input, `FREQ is ${frequency ?? 'missing'}; allowed: ${FREQUENCIES.join(', ')}`)
  const list = (key: string, low: number, high: number): number[] =>
    readList(input, [key, parts.get(key)], (text) => readNumber(text, low, high), `${low < 0 ? '±1' : low} to ${high}`)
  const one = (key: string, high: number): number | null => {
    const text = parts.get(key)
    const value = text === undefined ? null : readNumber(text, 1, high)
    return text !== undefined && value === null ? refuseRrule(input, `${key} is ${text}; allowed: 1 to ${high}`) : value
  }
  const weekStart = readList(input, ['WKST', parts.get('WKST')], readWeekday, 'MO to SU')
  const rule: RruleRule = {
    frequency,
    interval: one('INTERVAL', 1_000_000_000) ?? 1,
    count: one('COUNT', MAX_COUNT),
    until: parts.get('UNTIL') ?? null,
    weekStart: weekStart[0] ?? 1,
    seconds: list('BYSECOND', 0, 59),
    minutes: list('BYMINUTE', 0, 59),
    hours: list('BYHOUR', 0, 23),
    weekdays: readList(input, ['BYDAY', parts.get('BYDAY')], readDay, 'MO to SU, with a place such as 1MO or -1FR'),
    monthDays: list('BYMONTHDAY', -31, 31),
    yearDays: list('BYYEARDAY', -366, 366),
    weeks: list('BYWEEKNO', -53, 53),
    months: list('BYMONTH', 1, 12),
    positions: list('BYSETPOS', -366, 366),
  }
  const conflict = findConflict(rule, weekStart.length)
  if (conflict !== null) refuseRrule(input, conflict)
  return rule
}

/** The combination that RFC 5545 forbids or that is not supported; null for none. */
function findConflict(rule: RruleRule, weekStarts: number): string | null {
  const { frequency, weekdays, monthDays, yearDays, weeks, positions } = rule
  const yearly = frequency === 'YEARLY'
  const subDaily = isSubDaily(frequency)
  if (rule.count !== null && rule.until !== null) return 'COUNT or UNTIL is allowed, not both'
  if (weekStarts > 1) return 'one WKST is allowed'
  if (weekdays.some(({ nth }) => nth !== 0) && (!(yearly || frequency === 'MONTHLY') || weeks.length > 0)) {
    return 'a place in BYDAY is allowed only with FREQ=MONTHLY or FREQ=YEARLY, without BYWEEKNO'
  }
  if (monthDays.length > 0 && frequency === 'WEEKLY') return 'BYMONTHDAY is not allowed with FREQ=WEEKLY'
  if (yearDays.length > 0 && !yearly && !subDaily) return `BYYEARDAY is not allowed with FREQ=${frequency}`
  if (weeks.length > 0 && !yearly) return 'BYWEEKNO is allowed only with FREQ=YEARLY'
  if (positions.length === 0) return null
  if (subDaily) return 'BYSETPOS is allowed only with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY'
  const others = [rule.seconds, rule.minutes, rule.hours, weekdays, monthDays, yearDays, weeks, rule.months]
  return others.every((part) => part.length === 0) ? 'BYSETPOS is allowed only with another BY part' : null
}

/** Whether a rule recurs within a day: such a rule follows real time through a clock change. */
export function isSubDaily(frequency: Frequency): boolean {
  return frequency === 'HOURLY' || frequency === 'MINUTELY' || frequency === 'SECONDLY'
}

function readList<Item>(
  input: unknown,
  [key, text]: readonly [key: string, text: string | undefined],
  read: (text: string) => Item | null,
  allowed: string,
): Item[] {
  if (text === undefined) return []
  return text.split(',').map((item) => read(item) ?? refuseRrule(input, `${key} is ${text}; allowed: ${allowed}`))
}

function readNumber(text: string, low: number, high: number): number | null {
  const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : NaN
  return value >= low && value <= high && !(low !== 0 && value === 0) ? value + 0 : null
}

function readDay(text: string): RruleDay | null {
  const [, nth = '', name] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(text) ?? []
  const weekday = name === undefined ? null : readWeekday(name)
  if (weekday === null) return null
  const place = nth === '' ? 0 : readNumber(nth, -53, 53)
  return place === null ? null : { weekday, nth: place }
}

function readWeekday(text: string): number | null {
  const index = text.length === 2 ? WEEKDAYS.findIndex((name) => name.startsWith(text.toLowerCase())) : -1
  return index < 0 ? null : index
}
