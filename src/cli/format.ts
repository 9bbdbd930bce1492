const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Text of a cell without a value. */
export const NOTHING = '-'

/**
 * A distance in time for people, from `now`: `now` (under a second), `in 3m`, `2h 5m ago`, `in 12d`. It is rounded down
 * to its largest units, so that `in 1m` is at least a minute away.
 */
export function formatRelative(at: Date | null | undefined, now: Date): string {
  if (at === null || at === undefined) return NOTHING
  const distanceMs = at.getTime() - now.getTime()
  if (Math.abs(distanceMs) < SECOND) return 'now'
  const span = formatSpan(Math.abs(distanceMs))
  return distanceMs > 0 ? `in ${span}` : `${span} ago`
}

/** How long something took, in milliseconds: `12ms`, `1.2s`, `3m 10s`, `2h 5m`. */
export function formatDuration(durationMs: number | null | undefined): string {
  if (durationMs === null || durationMs === undefined) return NOTHING
  if (durationMs < SECOND) return `${Math.round(durationMs)}ms`
  if (durationMs < MINUTE) return `${Number((durationMs / SECOND).toFixed(1))}s`
  return formatSpan(durationMs)
}

/** How late something started, in milliseconds, with its sign: `+2ms`, `+1.5s`. */
export function formatLateness(latenessMs: number | null | undefined): string {
  if (latenessMs === null || latenessMs === undefined) return NOTHING
  return `${latenessMs < 0 ? '-' : '+'}${formatDuration(Math.abs(latenessMs))}`
}

/** An instant in UTC to the second, or to the millisecond where it has any: `2026-03-08T07:00:00Z`. */
export function formatInstant(at: Date | null | undefined): string {
  if (at === null || at === undefined) return NOTHING
  return at.toISOString().replace('.000Z', 'Z')
}

/**
 * Makes a foreign text safe for one line of a terminal: line breaks and tabs become blanks; other control characters,
 * and those that change the direction of text, become escapes such as `\u001b`.
 */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')
    .replace(UNSAFE, showEscape)
    .trim()
}

/** JSON text without raw control characters: JSON allows some of them, and terminals obey them. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE_IN_JSON, showEscape)
}

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function showEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A counted noun: `1 run`, `2 runs`, `0 entries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function formatSpan(spanMs: number): string {
  if (spanMs < MINUTE) return `${Math.floor(spanMs / SECOND)}s`
  if (spanMs < HOUR) return twoUnits(spanMs, [MINUTE, 'm'], [SECOND, 's'], 10)
  if (spanMs < DAY) return twoUnits(spanMs, [HOUR, 'h'], [MINUTE, 'm'], 24)
  return twoUnits(spanMs, [DAY, 'd'], [HOUR, 'h'], 10)
}

/** A unit of time: its length, ms, and its name. */
type Unit = readonly [lengthMs: number, name: string]

/** A span in two units; the smaller one only below `until` of the larger: 3m 10s, but 45m. */
function twoUnits(spanMs: number, [big, bigName]: Unit, [small, smallName]: Unit, until: number): string {
  const bigCount = Math.floor(spanMs / big)
  const smallCount = Math.floor((spanMs % big) / small)
  const rest = bigCount < until && smallCount > 0 ? ` ${smallCount}${smallName}` : ''
  return `${bigCount}${bigName}${rest}`
}
