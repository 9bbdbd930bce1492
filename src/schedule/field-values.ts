import { EverybeatError, showValue } from '../errors.js'
import type { ErrorCode } from '../errors.js'
import { nearestName } from './fields.js'

/** The error for a field with a wrong value, with the field, the value and what is allowed. */
export function wrongValue(
  field: string,
  value: unknown,
  allowed: string,
  code: ErrorCode = 'ERR_EVERYBEAT_DEFINITION',
): EverybeatError {
  return new EverybeatError(code, `${field}: ${showValue(value)} cannot be used; allowed: ${allowed}`, { field, value })
}

/** Gives the value back when it is one of the choices. @throws EverybeatError with `code` */
export function checkChoice<Choice extends string>(
  value: unknown,
  field: string,
  choices: readonly Choice[],
  code?: ErrorCode,
): Choice {
  if (!(choices as readonly unknown[]).includes(value)) throw wrongValue(field, value, choices.join(', '), code)
  return value as Choice
}

/** Gives the value back when it is an integer within the bounds, both included. @throws EverybeatError with `code` */
export function checkInteger(
  value: unknown,
  field: string,
  [least, most]: readonly [least: number, most: number],
  code?: ErrorCode,
): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw wrongValue(field, value, `a whole number from ${least} to ${most}`, code)
  }
  return value as number
}

/** Gives the value back when it is `true` or `false`. @throws EverybeatError with `code` */
export function checkBoolean(value: unknown, field: string, code?: ErrorCode): boolean {
  if (typeof value !== 'boolean') throw wrongValue(field, value, 'true or false', code)
  return value
}

/**
 * Checks that an object has no other keys than the known ones, and suggests the nearest when it has.
 * @param owner what the keys belong to, for the field of the error (`owner.key`); null for none
 * @throws EverybeatError with `code`
 */
export function checkKeys(value: object, known: readonly string[], owner: string | null, code?: ErrorCode): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const field = owner === null ? unknown : `${owner}.${unknown}`
  const nearest = nearestName(unknown, known)
  const hint = nearest === null ? `allowed: ${known.join(', ')}` : `did you mean ${nearest}?`
  throw new EverybeatError(code ?? 'ERR_EVERYBEAT_DEFINITION', `${showValue(field)} is not known; ${hint}`, {
    field,
    value: (value as Record<string, unknown>)[unknown],
  })
}

/**
 * Checks the options of a call: a plain object with known names only.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function checkOptionNames(options: unknown, known: readonly string[]): void {
  const code = 'ERR_EVERYBEAT_OPTIONS'
  if (!isPlainObject(options)) throw wrongValue('options', options, `{ ${known.join(', ')} }`, code)
  checkKeys(options, known, null, code)
}

/** Whether the value is an object written as `{…}`, parsed from JSON, or without a prototype; not a class instance. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm has the Object.prototype of that realm, which has no prototype itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
