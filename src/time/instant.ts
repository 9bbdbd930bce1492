import { EverybeatError, showValue } from '../errors.js'
import { DateTime, IANAZone } from './luxon.js'

const ISO_FORM =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** 0001-01-01 to 9999-12-31, UTC. */
const EARLIEST_MS = -62_135_596_800_000
const LATEST_MS = 253_402_300_799_999

/**
 * Reads an instant and gives epoch milliseconds.
 *
 * Accepted: a Date; epoch milliseconds as a number or as text of digits; ISO 8601 text with `Z` or an offset; ISO 8601
 * text without an offset, or a date alone (its midnight), which is read as wall time in `zone`. A wall time that
 * happens twice is its first pass. Fractions beyond the millisecond are cut off.
 *
 * @param field name of the field, for the message
 * @param zone IANA name, already checked
 * @throws EverybeatError `ERR_EVERYBEAT_INSTANT` on anything else: a date or time that does not exist (30 February,
 *   a wall time that the clocks of `zone` skip), a time without a date, years outside 1 to 9999
 */
export function parseInstant(value: unknown, field: string, zone: string): number {
  const atMs = toEpochMilliseconds(value, zone)
  if (typeof atMs === 'string') throw refusal(value, field, atMs)
  if (!Number.isInteger(atMs) || atMs < EARLIEST_MS || atMs > LATEST_MS) {
    throw refusal(value, field, 'is not a valid instant between the years 1 and 9999')
  }
  return atMs + 0
}

/** The instant, or what is wrong with the value. */
function toEpochMilliseconds(value: unknown, zone: string): number | string {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return 'is not an instant'
  const text = value.trim()
  if (/^-?\d{1,16}$/.test(text)) return Number(text)
  const match = ISO_FORM.exec(text)
  if (match === null) return 'is not an instant'
  const iso = text.replace(' ', 'T')
  const parsed = DateTime.fromISO(iso, { zone: 'utc' })
  if (!parsed.isValid || /T24/.test(iso)) return 'is not a date and time that exists'
  return match[2] === undefined ? wallTimeToInstant(parsed.toMillis(), zone) : parsed.toMillis()
}

/**
 * The first instant at which the clocks of the zone show the wall time. Luxon's own answer for a wall time that happens
 * twice starts from the offset of today, so it could change with the season.
 */
function wallTimeToInstant(wallMs: number, zone: string): number | string {
  const rules = IANAZone.create(zone)
  if (!rules.isValid) return `cannot be read in the unknown time zone ${showValue(zone)}`
  const candidates = [wallMs - DAY_MS, wallMs + DAY_MS]
    .map((nearbyMs) => wallMs - rules.offset(nearbyMs) * MINUTE_MS)
    .filter((atMs) => atMs + rules.offset(atMs) * MINUTE_MS === wallMs)
  return candidates.length === 0 ? `does not exist in ${zone}: the clocks skip it` : Math.min(...candidates)
}

function refusal(value: unknown, field: string, problem: string): EverybeatError {
  const allowed = 'a Date, epoch milliseconds, or ISO 8601 text such as 2026-03-01T09:00:00Z or 2026-03-01T09:00'
  const shown = value instanceof Date ? String(value) : showValue(value)
  const message = `${field}: ${shown} ${problem}; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}
