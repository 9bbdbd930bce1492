import { EverybeatError, showValue } from '../errors.js'
import { isPlainObject } from './field-values.js'

/** The largest payload, as UTF-8 bytes of its JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1024
/** The deepest nesting of arrays and objects in a payload. */
export const MAX_PAYLOAD_DEPTH = 256

/**
 * Copies a payload in the form that Redis will return, deep-frozen: its JSON, with own keys such as `__proto__` kept as
 * data. A Date becomes its ISO text; an undefined property is omitted.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` when JSON would lose something (functions, symbols, bigint, NaN and the
 *   infinities, Map, Set, cycles, properties of a list, members named by symbols, what its `toJSON` leaves out), or the payload is nested deeper than 256 or larger than 256 KiB as JSON
 */
export function copyPayload(value: unknown, field: string): unknown {
  const text = encodePayload(value, field)
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    const size = `is ${Buffer.byteLength(text)} bytes as JSON`
    throw refusal(value, field, `${size}; allowed: at most ${MAX_PAYLOAD_BYTES} bytes`)
  }
  return readPayload(text, field)
}

/**
 * Reads the JSON text of a payload that was checked when it was written, deep-frozen like {@link copyPayload}.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` when it is no JSON, or nested too deeply
 */
export function readPayload(text: string, field: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refusal(text, field, 'is not JSON; allowed: JSON text')
  }
  return freezeJson(value, () =>
    refusal(value, field, `is nested too deeply; allowed: at most ${MAX_PAYLOAD_DEPTH} levels`),
  )
}

function encodePayload(value: unknown, field: string): string {
  let problem = 'undefined'
  try {
    const paths = new Map<unknown, string>()
    const text = JSON.stringify(value, function (this: unknown, key: string, member: unknown) {
      const path = pathOf(paths.get(this), this, key)
      const found = lossOf(this, key, member)
      if (found !== null) throw new TypeError(path === '' ? found : `${found} at ${path}`)
      if (typeof member === 'object' && member !== null) paths.set(member, path)
      return member
    }) as string | undefined
    if (text !== undefined) return text
  } catch (cause) {
    problem =
      cause instanceof RangeError ? 'nested too deeply' : String((cause as Error).message ?? cause).split('\n')[0]!
  }
  throw refusal(
    value,
    field,
    `is not JSON (${problem}); allowed: null, booleans, finite numbers, text, arrays, objects`,
  )
}

/**
 * The description of a value that JSON would silently drop or change; null for none. `holder[key]` is the member before
 * its `toJSON`.
 */
function lossOf(holder: unknown, key: string, member: unknown): string | null {
  if (member === undefined && (Array.isArray(holder) || (holder as Record<string, unknown>)[key] !== undefined))
    return 'undefined'
  if (member === null && (holder as Record<string, unknown>)[key] !== null) return 'an invalid Date'
  if (typeof member === 'number' && !Number.isFinite(member)) return String(member)
  if (typeof member === 'function' || typeof member === 'symbol' || typeof member === 'bigint') return typeof member
  return typeof member === 'object' && member !== null ? (emptiedBy(member) ?? droppedOf(member)) : null
}

/**
 * The parts of a list or an object without a JSON form: properties of a list beside its items, members named by
 * symbols.
 */
function droppedOf(member: object): string | null {
  if (member instanceof Number && !Number.isFinite(member.valueOf())) return String(member)
  if (Array.isArray(member) && Object.keys(member).length > member.length) return 'a list with properties of its own'
  const isDropped = (key: symbol): boolean => Object.prototype.propertyIsEnumerable.call(member, key)
  return Object.getOwnPropertySymbols(member).some(isDropped) ? 'a member named by a symbol' : null
}

/**
 * The kind of an object that JSON would write as `{}`, such as an error, or an object of a class without public fields.
 */
function emptiedBy(member: object): string | null {
  const kind = Object.prototype.toString.call(member).slice('[object '.length, -1)
  if (['Map', 'Set', 'Error', 'RegExp', 'Promise', 'WeakMap', 'WeakSet', 'ArrayBuffer'].includes(kind)) return kind
  if (Array.isArray(member) || isPlainObject(member) || Object.keys(member).length > 0) return null
  if (member instanceof String || member instanceof Number || member instanceof Boolean) return null
  return `an object of class ${member.constructor?.name || kind}, which JSON empties`
}

/** The path of a member, such as `user.tags[0]`. */
function pathOf(holderPath: string | undefined, holder: unknown, key: string): string {
  if (holderPath === undefined) return ''
  if (Array.isArray(holder)) return `${holderPath}[${key}]`
  const name = /^[\w$]+$/.test(key) ? key : `[${showValue(key)}]`
  return holderPath === '' || name.startsWith('[') ? `${holderPath}${name}` : `${holderPath}.${name}`
}

function freezeJson(value: unknown, tooDeep: () => Error, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_PAYLOAD_DEPTH) throw tooDeep()
  for (const member of Object.values(value)) freezeJson(member, tooDeep, depth + 1)
  return Object.freeze(value)
}

function refusal(value: unknown, field: string, problem: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_PAYLOAD', `${field}: ${showValue(value)} ${problem}`, { field, value })
}
