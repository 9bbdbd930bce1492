import { EverybeatError, showValue } from '../errors.js'
import { DateTime } from './luxon.js'
import { instantOfWall, wallOfInstant } from './wall-clock.js'
import { findZone } from './zone.js'

const ISO_FORM =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/

/** A year, or a date without dashes: read as epoch milliseconds it would be an instant on the first day of 1970. */
const YEAR_OR_DATE = /^(?:19|20|21)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?$/

/** 0001-01-01 to 9999-12-31, UTC. */
const EARLIEST_MS = -62_135_596_800_000
const LATEST_MS = 253_402_300_799_999

/**
 * Reads an instant and gives epoch milliseconds.
 *
 * Accepted: a Date; epoch milliseconds as a number or as text of digits; ISO 8601 text with `Z` or an offset; ISO 8601
 * text without an offset, or a date alone (its midnight), which is read as wall time in `zone`. A repeated wall time is
 * read as its first pass. Fractions beyond the millisecond are cut off.
 *
 * @param field name of the field, for the message
 * @param zone IANA name
 * @throws EverybeatError `ERR_EVERYBEAT_INSTANT` on anything else: a date or time that does not exist (30 February,
 *   a wall time that the clocks of `zone` skip), a time without a date, a year alone or a date without dashes as text,
 *   years outside 1 to 9999; `ERR_EVERYBEAT_ZONE` for an invalid zone that is needed
 */
export function parseInstant(value: unknown, field: string, zone: string): number {
  const atMs = toEpochMilliseconds(value, zone)
  if (typeof atMs === 'string') throw refusal(value, field, atMs)
  if (!Number.isInteger(atMs) || atMs < EARLIEST_MS || atMs > LATEST_MS) {
    throw refusal(value, field, 'is not a valid instant between the years 1 and 9999')
  }
  return atMs + 0
}

/**
 * Reads an instant as {@link parseInstant} does, but a date alone is the last millisecond of that day in `zone`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_INSTANT` or `ERR_EVERYBEAT_ZONE`
 */
export function parseLastInstant(value: unknown, field: string, zone: string): number {
  const atMs = parseInstant(value, field, zone)
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value.trim())) return atMs
  const nextDay = DateTime.fromISO(value.trim(), { zone: 'utc' }).plus({ days: 1 })
  const next = wallTimeToInstant(nextDay.toMillis(), zone)
  // The clocks skip this midnight, so the day ends at the gap.
  return typeof next === 'number' ? next - 1 : instantOfWall(findZone(zone), nextDay.toMillis() / 1000) * 1000 - 1
}

/** Whether people read digits as a year or as a date without dashes: `2030`, `20300131`. */
export function isYearOrDate(text: string): boolean {
  return YEAR_OR_DATE.test(text)
}

/** The instant, or the problem with the value. */
function toEpochMilliseconds(value: unknown, zone: string): number | string {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return 'is not an instant'
  const text = value.trim()
  if (isYearOrDate(text)) return 'reads as a year or a date, and as epoch milliseconds of 1970'
  if (/^-?\d{1,16}$/.test(text)) return Number(text)
  const match = ISO_FORM.exec(text)
  if (match === null) return 'is not an instant'
  const iso = text.replace(' ', 'T')
  const parsed = DateTime.fromISO(iso, { zone: 'utc' })
  if (!parsed.isValid || /T24/.test(iso)) return 'is not a date and time that exists'
  return match[2] === undefined ? wallTimeToInstant(parsed.toMillis(), zone) : parsed.toMillis()
}

/** The first instant at which the clocks of the zone show the wall time. */
function wallTimeToInstant(wallMs: number, zoneName: string): number | string {
  const zone = findZone(zoneName)
  const wallSecond = Math.floor(wallMs / 1000)
  const second = instantOfWall(zone, wallSecond)
  if (wallOfInstant(zone, second) !== wallSecond) return `does not exist in ${zone.name}: the clocks skip it`
  return second * 1000 + (wallMs - wallSecond * 1000)
}

function refusal(value: unknown, field: string, problem: string): EverybeatError {
  const allowed = 'a Date, epoch milliseconds, or ISO 8601 text such as 2026-03-01T09:00:00Z or 2026-03-01T09:00'
  const shown = value instanceof Date ? String(value) : showValue(value)
  const message = `${field}: ${shown} cannot be used; it ${problem}; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}
