import { EverybeatError, showValue } from '../errors.js'

/** The largest payload, as UTF-8 bytes of its JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1024
/** The deepest nesting of arrays and objects in a payload. */
export const MAX_PAYLOAD_DEPTH = 256

/**
 * Copies a payload the way Redis will give it back, deep-frozen: what JSON says of it, with own keys such as `__proto__`
 * kept as data. A Date becomes its ISO text, a property that is undefined is left out.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` when JSON would lose something (functions, symbols, bigint, NaN and the
 *   infinities, Map, Set, cycles), or the payload is nested deeper than 256 or larger than 256 KiB as JSON
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
    const text = JSON.stringify(value, function (this: unknown, key: string, member: unknown) {
      const found = lossOf(this, key, member)
      if (found !== null) throw new TypeError(key === '' ? found : `${found} at ${showValue(key)}`)
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

/** What JSON would silently drop or change; `holder[key]` is the member before its `toJSON`. */
function lossOf(holder: unknown, key: string, member: unknown): string | null {
  if (member === undefined && Array.isArray(holder)) return 'undefined'
  if (member === null && (holder as Record<string, unknown>)[key] !== null) return 'an invalid Date'
  if (typeof member === 'number' && !Number.isFinite(member)) return String(member)
  if (typeof member === 'function' || typeof member === 'symbol' || typeof member === 'bigint') return typeof member
  if (member instanceof Map || member instanceof Set) return member.constructor.name
  return null
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
