import type { DefinitionShape } from '../index.js'
import { Refusal } from './entry.js'
import { isRecord, numberOf, show, type JsonRecord } from './records.js'

const FREQUENCIES = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY']
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const PARTS: readonly [field: string, part: string][] = [
  ['bysetpos', 'BYSETPOS'],
  ['bymonth', 'BYMONTH'],
  ['bymonthday', 'BYMONTHDAY'],
  ['byyearday', 'BYYEARDAY'],
  ['byweekno', 'BYWEEKNO'],
  ['byhour', 'BYHOUR'],
  ['byminute', 'BYMINUTE'],
  ['bysecond', 'BYSECOND'],
]

/** A rule as redbeat stores the arguments of `dateutil.rrule`: numbers, and instants as epoch seconds with an offset. */
export function readDateutilRule(rule: JsonRecord): DefinitionShape {
  const freq = FREQUENCIES[numberOf(rule, 'freq') ?? -1]
  if (freq === undefined) throw new Refusal(`freq is ${show(rule.freq)}, but 0 to 6 is expected`)
  if (isGiven(rule.byeaster))
    throw new Refusal('byeaster has no counterpart in RFC 5545', 'the dates, as RDATE of an rrule')
  const dtstart = numberOf(rule, 'dtstart')
  if (dtstart === undefined) throw new Refusal('the rule has no dtstart', 'an rrule with DTSTART, or a cron')
  const offsetMinutes = numberOf(rule, 'dtstart_tz') ?? 0
  const tz = zoneOfOffset(offsetMinutes)
  const parts = [`FREQ=${freq}`]
  const interval = numberOf(rule, 'interval') ?? 1
  if (interval !== 1) parts.push(`INTERVAL=${interval}`)
  if (isGiven(rule.wkst)) parts.push(`WKST=${weekday(rule.wkst)}`)
  if (isGiven(rule.count)) parts.push(`COUNT=${numberOf(rule, 'count')}`)
  if (isGiven(rule.until) && !isGiven(rule.count)) parts.push(`UNTIL=${compact(numberOf(rule, 'until')! * 1000)}Z`)
  for (const [field, part] of PARTS) if (isGiven(rule[field])) parts.push(`${part}=${numbers(rule[field], field)}`)
  if (isGiven(rule.byweekday)) parts.push(`BYDAY=${[rule.byweekday].flat().map(weekday).join(',')}`)
  const start = tz === undefined ? `${compact(dtstart * 1000)}Z` : compact(dtstart * 1000 + offsetMinutes * 60_000)
  const bounded = isGiven(rule.until) && isGiven(rule.count)
  return {
    rrule: `DTSTART:${start} RRULE:${parts.join(';')}`,
    ...(tz !== undefined && { tz }),
    // RFC 5545 allows one of COUNT and UNTIL; dateutil both.
    ...(bounded && { end: new Date(numberOf(rule, 'until')! * 1000).toISOString() }),
  }
}

/** The zone of a fixed offset in minutes; undefined for UTC. Only whole hours have a zone of their own. */
function zoneOfOffset(minutes: number): string | undefined {
  if (minutes === 0) return undefined
  const hours = minutes / 60
  if (!Number.isInteger(hours) || hours < -12 || hours > 14) {
    throw new Refusal(
      `the offset of dtstart is ${minutes} minutes, which no zone has`,
      'the rule with the IANA zone that is meant',
    )
  }
  return `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`
}

function weekday(value: unknown): string {
  if (typeof value === 'number' && WEEKDAYS[value] !== undefined) return WEEKDAYS[value]
  const name = isRecord(value) ? WEEKDAYS[numberOf(value, 'wkday') ?? numberOf(value, 'weekday') ?? -1] : undefined
  if (name === undefined) throw new Refusal(`weekday ${show(value)} is not known`)
  const position = isRecord(value) ? numberOf(value, 'n') : undefined
  return `${position ?? ''}${name}`
}

function numbers(value: unknown, field: string): string {
  const list = [value].flat()
  if (list.every((item) => Number.isInteger(item))) return list.join(',')
  throw new Refusal(`${field} is ${show(value)}, but numbers are expected`)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
}

/** `20260101T090000`, of a clock that shows the instant as UTC. */
function compact(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[-:]|\.\d+Z$/g, '')
}
