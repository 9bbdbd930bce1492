import type { DefinitionShape } from '../index.js'
import { changesClocks } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField, listValues } from './cron-emit.js'
import { APPROXIMATED, Refusal } from './entry.js'
import { durationText, show } from './records.js'

const EVENTBRIDGE: CronDialect = {
  system: 'EventBridge',
  sevenIsSunday: false,
  openStep: 'to-max',
  wraps: false,
  questionMark: true,
}
/** EventBridge counts weekdays from Sunday, 1 to 7. */
const WEEKDAY: DialectField = { name: 'day of week', min: 1, max: 7, names: DIALECT_FIELDS.weekday.names }
const RATE_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** The trigger of `cron(…)`, `rate(…)` or `at(…)`. `countsFrom` is the instant from which a rate counts. */
export function readEventbridgeExpression(
  text: string,
  tz: string | undefined,
  countsFrom: string | undefined,
): { trigger: DefinitionShape; notes: string[] } {
  const [, kind, inner = ''] = /^\s*(cron|rate|at)\((.*)\)\s*$/.exec(text) ?? []
  const zoned: DefinitionShape = tz === undefined ? {} : { tz }
  if (kind === 'at') {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner))
      throw new Refusal(`${show(text)} is no at(yyyy-mm-ddThh:mm:ss)`)
    return { trigger: { at: tz === undefined || tz === 'UTC' ? `${inner}Z` : inner, ...zoned }, notes: [] }
  }
  if (kind === 'rate') return readRate(text, inner, countsFrom)
  if (kind !== 'cron')
    throw new Refusal(`${show(text)} is no expression of EventBridge: cron(…), rate(…) and at(…) are`)
  return { trigger: { ...readCron(inner), ...zoned, ...(changesClocks(tz) && { dstGap: 'skip' as const }) }, notes: [] }
}

function readRate(
  text: string,
  inner: string,
  countsFrom: string | undefined,
): { trigger: DefinitionShape; notes: string[] } {
  const [, count, unit = ''] = /^(\d+)\s+(minute|hour|day)s?$/.exec(inner.trim()) ?? []
  if (count === undefined || Number(count) < 1) throw new Refusal(`${show(text)} is no rate(value unit)`)
  const every = durationText(Number(count) * RATE_MS[unit]!)
  if (countsFrom !== undefined) return { trigger: { every, anchor: countsFrom }, notes: [] }
  return {
    trigger: { every },
    notes: [
      `${APPROXIMATED}a rate counts from the creation of the rule, which the export does not say; here it counts from the Unix epoch, unless anchor is set`,
    ],
  }
}

function readCron(text: string): DefinitionShape {
  const words = text.trim().split(/\s+/)
  if (words.length !== 6)
    throw new Refusal(`cron(${text}) has ${words.length} fields; EventBridge reads six, the last one is the year`)
  const [minuteText, hourText, dayText, monthText, weekdayText, yearText] = words as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  if (dayText !== '?' && weekdayText !== '?') throw new Refusal('one of the day fields has to be ? in EventBridge')
  const { minute, hour, day, month } = DIALECT_FIELDS
  const emit = (field: DialectField, word: string): string => emitField(readDialectField(EVENTBRIDGE, field, word))
  const dayShown = dayText === '?' ? '*' : /^(L|LW|\d+W)$/i.test(dayText) ? dayText.toUpperCase() : emit(day, dayText)
  const cron = [
    emit(minute, minuteText),
    emit(hour, hourText),
    dayShown,
    emit(month, monthText),
    readWeekday(weekdayText),
  ]
  return { cron: cron.join(' '), ...readYear(yearText) }
}

function readWeekday(text: string): string {
  if (text === '?' || text === '*') return '*'
  if (/^L$/i.test(text)) return '6'
  const special = /^([A-Za-z]{3}|[1-7])(L|#[1-5])$/i.exec(text)
  const { values } = readDialectField(EVENTBRIDGE, WEEKDAY, special === null ? text : special[1]!)
  // The reader folds weekday 7 to 0, and here Sunday is 1: one lower is Sunday, 0 is Saturday.
  const days = values.map((value) => (value + 6) % 7).sort((left, right) => left - right)
  if (special !== null) return `${days[0]}${special[2]!.toUpperCase()}`
  return days.length === 7 ? '*' : listValues(days)
}

function readYear(text: string): DefinitionShape {
  if (text === '*') return {}
  const parts = /^(\d{4})(?:-(\d{4}))?$/.exec(text)
  if (parts === null)
    throw new Refusal(`year ${show(text)} cannot be said by start and end`, 'one schedule for each range of years')
  return { start: `${parts[1]}-01-01`, end: `${parts[2] ?? parts[1]}-12-31` }
}
