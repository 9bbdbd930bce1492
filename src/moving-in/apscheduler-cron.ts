import type { DefinitionShape } from '../index.js'
import { dayMatchOf } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField, listValues } from './cron-emit.js'
import { Refusal } from './entry.js'
import { show, type JsonRecord } from './records.js'

const APSCHEDULER: CronDialect = {
  system: 'APScheduler',
  sevenIsSunday: false,
  openStep: 'to-max',
  wraps: false,
  questionMark: false,
}

/** Fields from the most to the least significant, with the value of each one below the last one given. */
const FIELDS = { year: '*', month: '1', day: '1', week: '*', day_of_week: '*', hour: '0', minute: '0', second: '0' }

/** APScheduler counts weekdays from Monday, 0 to 6. */
const WEEKDAY: DialectField = {
  name: 'day of week',
  min: 0,
  max: 6,
  names: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
}
const POSITIONS = ['1st', '2nd', '3rd', '4th', '5th', 'last']

/**
 * Reads the fields of a `CronTrigger`. All of them must match. Fields that are not given are `*` above the last given
 * one, and their least value below it.
 */
export function readApschedulerCron(fields: JsonRecord): DefinitionShape {
  const texts = completeFields(fields)
  if (texts.week !== '*')
    throw new Refusal(`week is ${show(texts.week)}, which no cron here knows`, 'an rrule with BYWEEKNO')
  const { second, minute, hour, month } = DIALECT_FIELDS
  const emit = (field: DialectField, text: string): string => emitField(readDialectField(APSCHEDULER, field, text))
  const days = readDays(texts.day, texts.day_of_week)
  const clock = [emit(minute, texts.minute), emit(hour, texts.hour)]
  const rest = [days.day, emit(month, texts.month), days.weekday]
  const seconds = emit(second, texts.second)
  return {
    cron: [...(seconds === '0' ? [] : [seconds]), ...clock, ...rest].join(' '),
    ...dayMatchOf(days.combinesBy, days.day, days.weekday),
    ...readYears(texts.year),
  }
}

function completeFields(fields: JsonRecord): typeof FIELDS {
  const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[]
  const unknown = Object.keys(fields).find((name) => !names.includes(name as keyof typeof FIELDS))
  if (unknown !== undefined) throw new Refusal(`${show(unknown)} is no field of a CronTrigger`)
  const given = names.filter((name) => fields[name] !== undefined && fields[name] !== null)
  const lastGiven = names.indexOf(given.at(-1) ?? 'second')
  const textOfField = (name: keyof typeof FIELDS): string => {
    const value = fields[name]
    if (value === undefined || value === null) return names.indexOf(name) < lastGiven ? '*' : FIELDS[name]
    if (typeof value === 'string' || typeof value === 'number')
      return String(value)
        .replace(/\s*,\s*/g, ',')
        .trim()
        .toLowerCase()
    throw new Refusal(`${name} is ${show(value)}, but a number or a text is expected`)
  }
  return Object.fromEntries(names.map((name) => [name, textOfField(name)])) as typeof FIELDS
}

/** `2nd fri`, `last sun` and `last` stand in the day field there, and are weekdays and `L` here. */
function readDays(day: string, dayOfWeek: string): { day: string; weekday: string; combinesBy: 'or' | 'and' } {
  const items = day.split(',')
  const positioned = items.filter((item) => /\s/.test(item))
  const plain = items.filter((item) => !/\s/.test(item))
  const weekday = shiftWeekdays(dayOfWeek)
  if (positioned.length === 0) return { day: plainDays(plain), weekday, combinesBy: 'and' }
  if (weekday !== '*') {
    throw new Refusal(
      `day ${show(day)} together with day_of_week ${show(dayOfWeek)} cannot be said in a cron`,
      'an rrule with BYDAY',
    )
  }
  return {
    day: plain.length === 0 ? '*' : plainDays(plain),
    weekday: positioned.map(positionOf).join(','),
    combinesBy: 'or',
  }
}

function plainDays(items: readonly string[]): string {
  const numbers = items.filter((item) => item !== 'last')
  const shown =
    numbers.length === 0 ? [] : [emitField(readDialectField(APSCHEDULER, DIALECT_FIELDS.day, numbers.join(',')))]
  if (numbers.length === items.length || shown[0] === '*') return shown[0]!
  return [...shown, 'L'].join(',')
}

function positionOf(item: string): string {
  const [position = '', name = ''] = item.split(/\s+/)
  const number = POSITIONS.indexOf(position) + 1
  const index = WEEKDAY.names.indexOf(name)
  if (number === 0 || index < 0) throw new Refusal(`day ${show(item)} is not a value that APScheduler reads`)
  const weekday = (index + 1) % 7
  return number === POSITIONS.length ? `${weekday}L` : `${weekday}#${number}`
}

function shiftWeekdays(text: string): string {
  if (text === '*') return text
  const { values } = readDialectField(APSCHEDULER, WEEKDAY, text)
  if (values.length === 7) return '*'
  return listValues(values.map((value) => (value + 1) % 7).sort((left, right) => left - right))
}

/** One year or a range of years bounds the schedule; anything else has no counterpart. */
function readYears(text: string): DefinitionShape {
  if (text === '*') return {}
  const parts = /^(\d{4})(?:-(\d{4}))?$/.exec(text)
  if (parts === null)
    throw new Refusal(`year ${show(text)} cannot be said by start and end`, 'one schedule for each range of years')
  return { start: `${parts[1]}-01-01`, end: `${parts[2] ?? parts[1]}-12-31` }
}
