import { EverybeatError, showValue } from '../errors.js'

/** The kinds of things that have names. */
export type NameKind = 'schedule' | 'task' | 'pool' | 'tag' | 'owner' | 'prefix'

/** The longest name, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 512

/** Control characters, halves of surrogate pairs, and the replacement character for invalid UTF-8. */
const UNSTORABLE = /[\p{Cc}\p{Surrogate}\uFFFD]/u

/**
 * Checks a name and returns it: 1 to 512 bytes of UTF-8 without control characters and without characters that Redis
 * would return changed.
 *
 * @param field name of the field, for the message; default: the kind
 * @throws EverybeatError `ERR_EVERYBEAT_NAME`
 */
export function checkName(kind: NameKind, value: unknown, field: string = kind): string {
  const problem = nameProblem(value)
  if (problem === null) return value as string
  const message = `${field}: ${showValue(value)} ${problem}; allowed for the name of a ${kind}: text of 1 to ${MAX_NAME_BYTES} bytes without control characters`
  throw new EverybeatError('ERR_EVERYBEAT_NAME', message, { field, value })
}

/** The longest name of a person or program that edits schedules, in UTF-8 bytes. */
const MAX_ACTOR_BYTES = 200

/**
 * Checks the name of a person or program that edits schedules, and gives it back unchanged.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function checkActor(value: unknown): string {
  if (nameProblem(value) === null && Buffer.byteLength(value as string) <= MAX_ACTOR_BYTES) return value as string
  const message = `actor: ${showValue(value)} cannot be used; allowed: text of 1 to ${MAX_ACTOR_BYTES} bytes without control characters`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'actor', value })
}

function nameProblem(value: unknown): string | null {
  if (typeof value !== 'string') return 'is not text'
  if (value === '') return 'is empty'
  if (value.length > MAX_NAME_BYTES || Buffer.byteLength(value) > MAX_NAME_BYTES) return 'is too long'
  return UNSTORABLE.test(value) ? 'holds a control character or is not valid Unicode' : null
}
