import { EverybeatError, showValue } from '../errors.js'
import { Duration } from './luxon.js'

/** Longest accepted duration, ms: 100 years, so that sums with an instant are exact. */
export const MAX_DURATION_MS = 36_525 * 86_400_000

const MAX_TEXT_LENGTH = 64

/** The units of the short form, longest first: the order they are written in. */
const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const NUMBER = String.raw`\d+(?:\.\d+)?`
const SHORT_FORM = new RegExp(`^${UNITS.map(([unit]) => `(?:(${NUMBER})${unit} ?)?`).join('')}$`)
/**
 * Durations without months and years, and with at most three digits of a fraction, because luxon ignores further
 * digits.
 */
const ISO_FORM = /^P(?=[\dT])(?:\d+(?:[.,]\d{1,3})?[WD])*(?:T(?:\d+(?:[.,]\d{1,3})?[HMS])+)?$/

/** The least and the most that {@link parseDuration} accepts, both included. */
export interface DurationBounds {
  /** Shortest duration, ms; default 0. */
  minMs?: number
  /** Longest duration, ms; default: 100 years. */
  maxMs?: number
}

/**
 * Reads a duration and gives whole milliseconds.
 *
 * A number, or text of digits only, is milliseconds. Other text has units, longest first, each at most once (`90s`,
 * `5m`, `1h30m`, `1d`, `2w`, `500ms`; a day is 86 400 s), or is ISO 8601 (`PT90S`, `P1DT12H`). Fractions are allowed if
 * the result is a whole number of milliseconds (`1.5h`).
 *
 * @param field name of the field, for the message
 * @throws EverybeatError `ERR_EVERYBEAT_DURATION` on anything else: negative, NaN, empty, months and years (they have
 *   no fixed length), a fraction of a millisecond, out of bounds (by default 0 to 100 years)
 */
export function parseDuration(value: unknown, field: string, bounds: DurationBounds = {}): number {
  const durationMs = toMilliseconds(value)
  if (durationMs === null) {
    throw refusal(value, field, 'allowed: whole milliseconds ≥ 0, or text such as 500ms, 90s, 5m, 1h30m, 1d, 2w, PT90S')
  }
  const { minMs = 0, maxMs = MAX_DURATION_MS } = bounds
  if (durationMs < minMs || durationMs > maxMs) {
    throw refusal(value, field, `allowed: ${formatDuration(minMs)} to ${formatDuration(maxMs)}`)
  }
  return durationMs
}

/**
 * Writes whole milliseconds in the short form, in days and smaller: `1h30m`, `500ms`, `0s`.
 * {@link parseDuration} reads the same number back.
 */
export function formatDuration(durationMs: number): string {
  let rest = durationMs
  let text = ''
  for (const [unit, unitMs] of UNITS.slice(1)) {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    if (count > 0) text += `${count}${unit}`
  }
  return text === '' ? '0s' : text
}

function toMilliseconds(value: unknown): number | null {
  if (typeof value === 'number') return wholeMilliseconds(value)
  if (typeof value !== 'string' || value.length > MAX_TEXT_LENGTH) return null
  const text = value.trim()
  if (text === '') return null
  if (/^\d+$/.test(text)) return wholeMilliseconds(Number(text))
  if (text.startsWith('P')) return isoMilliseconds(text)
  return shortMilliseconds(text)
}

function isoMilliseconds(text: string): number | null {
  if (!ISO_FORM.test(text)) return null
  const duration = Duration.fromISO(text)
  if (!duration.isValid) return null
  // `PT1.1H` gives a value slightly off its whole number of milliseconds.
  const durationMs = duration.toMillis()
  const nearestMs = Math.round(durationMs)
  return Math.abs(durationMs - nearestMs) < 1e-6 ? wholeMilliseconds(nearestMs) : null
}

function shortMilliseconds(text: string): number | null {
  const match = SHORT_FORM.exec(text)
  if (match === null) return null
  let sumMs = 0
  UNITS.forEach(([, unitMs], index) => {
    const count = match[index + 1]
    if (count !== undefined) sumMs += exactProduct(count, unitMs)
  })
  return wholeMilliseconds(sumMs)
}

/** Decimal text times a unit; `1.005s` is 1005, although 1.005 × 1000 in floating point is not. */
function exactProduct(count: string, unitMs: number): number {
  const [whole = '0', fraction = ''] = count.split('.')
  const scale = 10 ** fraction.length
  return Number(whole) * unitMs + (Number(fraction) * unitMs) / scale
}

function wholeMilliseconds(value: number): number | null {
  return Number.isSafeInteger(value) && value >= 0 ? value + 0 : null
}

function refusal(value: unknown, field: string, allowed: string): EverybeatError {
  const message = `${field}: ${showValue(value)} cannot be used; ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_DURATION', message, { field, value })
}
