import type { ErrorCode } from '../errors.js'
import { formatDuration, parseDuration } from '../time/duration.js'
import type { Backoff, BackoffInput } from './definition.js'
import { checkChoice, checkInteger, checkKeys, isPlainObject, wrongValue } from './field-values.js'
import { checkName } from './name.js'

/** The longest `timeout`: what a timer of Node.js can hold, 24.8 days. */
export const MAX_TIMEOUT_MS = 2_147_483_647

const DEFAULT_DELAY_MS = 1000
const DEFAULT_MAX_MS = 60_000
const BACKOFF_FIELDS = ['type', 'delay', 'max']
const MAX_TAGS = 64
const MAX_NOTE_BYTES = 4096

/** Control characters except tab and newlines, and characters that Redis would return changed. */
const UNSTORABLE_IN_NOTE = /[^\P{Cc}\t\r\n]|[\p{Surrogate}\uFFFD]/u

/** Reads `timeout` of a definition or a task: 1 ms to 24.8 days. @throws EverybeatError `ERR_EVERYBEAT_DURATION` */
export function parseTimeout(value: unknown, field = 'timeout'): number {
  return parseDuration(value, field, { minMs: 1, maxMs: MAX_TIMEOUT_MS })
}

/** Reads `retries` of a definition or a task: 0 to 1 000. @throws EverybeatError with `code` */
export function parseRetries(value: unknown, field = 'retries', code?: ErrorCode): number {
  return checkInteger(value, field, [0, 1000], code)
}

/**
 * Reads `backoff` of a definition or a task. Defaults: `exponential`, 1 s (or `max` if it is shorter), and 1 min (or
 * `delay` if it is longer).
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DURATION` for a `delay` or `max` that is none, else with `code`
 */
export function parseBackoff(value: unknown, field = 'backoff', code?: ErrorCode): Backoff {
  if (!isPlainObject(value)) throw wrongValue(field, value, '{ type, delay, max }', code)
  checkKeys(value, BACKOFF_FIELDS, field, code)
  const { type = 'exponential', delay, max } = value as BackoffInput
  const longestMs = max === undefined ? null : parseDuration(max, `${field}.max`)
  const defaultDelayMs = Math.min(DEFAULT_DELAY_MS, longestMs ?? Infinity)
  const delayMs = delay === undefined ? defaultDelayMs : parseDuration(delay, `${field}.delay`)
  const maxMs = longestMs ?? Math.max(DEFAULT_MAX_MS, delayMs)
  if (maxMs < delayMs) throw wrongValue(`${field}.max`, max, `at least the delay, ${formatDuration(delayMs)}`, code)
  return Object.freeze({ type: checkChoice(type, `${field}.type`, ['exponential', 'fixed'], code), delayMs, maxMs })
}

/** Reads `tags`: a list of at most 64 names; a repeated name counts once. @throws EverybeatError */
export function parseTags(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_TAGS) {
    throw wrongValue('tags', value, `a list of at most ${MAX_TAGS} names`)
  }
  return Object.freeze([...new Set(value.map((tag) => checkName('tag', tag, 'tags')))])
}

/** Reads `note`: at most 4 KiB of text, newlines allowed. @throws EverybeatError `ERR_EVERYBEAT_DEFINITION` */
export function parseNote(value: unknown): string {
  const fits = typeof value === 'string' && value.length <= MAX_NOTE_BYTES && Buffer.byteLength(value) <= MAX_NOTE_BYTES
  if (!fits || UNSTORABLE_IN_NOTE.test(value)) {
    throw wrongValue(
      'note',
      value,
      `text of at most ${MAX_NOTE_BYTES} bytes, no control characters but newline and tab`,
    )
  }
  return value
}
