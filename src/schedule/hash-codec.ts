import { EverybeatError, showValue } from '../errors.js'
import type { Definition, DefinitionFields, DefinitionInput } from './definition.js'
import { isYearOrDate } from '../time/instant.js'
import { wrongValue } from './field-values.js'
import { FIELD_KINDS, FIELD_NAMES, isFieldName } from './fields.js'
import type { FieldKind } from './fields.js'
import { MAX_PAYLOAD_BYTES, readPayload } from './payload.js'
import { DEFINITION_DEFAULTS, parseDefinition } from './parse-definition.js'
import { parseTimeout } from './policy-values.js'

/** Longest text of a field, UTF-16 units; only a payload may be this long, and its bytes are checked later. */
const MAX_FIELD_LENGTH = MAX_PAYLOAD_BYTES

/**
 * Writes the given fields of a checked definition as the flat text fields of its Redis hash: numbers in decimal,
 * booleans as `1` and `0`, durations as given, dates as ISO text, `payload`, `backoff`, `tags` and a list of exclusions
 * as JSON. Absent fields are not written. {@link decodeFields} reads the same definition, and equal definitions have
 * equal texts.
 */
export function encodeDefinition(given: Readonly<DefinitionInput>): DefinitionFields {
  const set = FIELD_NAMES.filter((field) => given[field] !== undefined)
  return Object.fromEntries(set.map((field) => [field, encodeValue(FIELD_KINDS[field], given[field])]))
}

/**
 * Reads and checks the fields of a schedule's hash, which people and other programs may have written.
 * Tolerant only where people type: booleans are `1`, `0`, `true`, `false`; `tags` are a JSON list or separated by commas.
 *
 * @throws EverybeatError with the field and its text, like {@link parseDefinition}
 */
export function decodeFields(name: string, fields: Readonly<DefinitionFields>): Definition {
  const input: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [field, text] of Object.entries(fields)) {
    if (text.length > MAX_FIELD_LENGTH) throw tooLong(field, text)
    // An unknown field is passed on, so that every caller refuses it with the same message.
    input[field] = isFieldName(field) ? decodeValue(FIELD_KINDS[field], field, text) : text
  }
  return parseDefinition(name, input)
}

/** Reads the text of one field; the text itself where the field is not known. @throws EverybeatError for a wrong text */
export function decodeField(field: string, text: string): unknown {
  return isFieldName(field) ? decodeValue(FIELD_KINDS[field], field, text) : text
}

/** The parts of a definition that every run needs. */
export interface RunSettings {
  readonly payload: unknown
  /** Null: the value of the task applies. */
  readonly timeoutMs: number | null
  readonly pauseAfter: number | null
}

/**
 * Reads only the parts of a checked definition that every run needs. Reading the whole, above all its trigger, takes
 * ten times as long, and can wait until the handler has been called.
 *
 * @throws EverybeatError like {@link decodeFields}, for these fields
 */
export function decodeRunSettings({ payload, timeout, pauseAfter }: Readonly<DefinitionFields>): RunSettings {
  return {
    payload: payload === undefined ? DEFINITION_DEFAULTS.payload : readPayload(payload, 'payload'),
    timeoutMs: timeout === undefined ? null : parseTimeout(decodeValue('duration', 'timeout', timeout)),
    pauseAfter: pauseAfter === undefined ? null : decodeNumber('pauseAfter', pauseAfter),
  }
}

/**
 * The definition for people: its given fields, and the documented defaults of the others. Fields without a default that
 * were not given are missing.
 */
export function describeDefinition(definition: Definition): Record<string, unknown> {
  const full: Record<string, unknown> = { task: definition.task, ...DEFINITION_DEFAULTS, ...definition.given }
  return Object.fromEntries(FIELD_NAMES.filter((field) => field in full).map((field) => [field, full[field]]))
}

function encodeValue(kind: FieldKind, value: unknown): string {
  if (kind === 'json' || Array.isArray(value)) return JSON.stringify(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (kind === 'instant' && typeof value === 'number' && isYearOrDate(String(value)))
    return new Date(value).toISOString()
  return value instanceof Date ? value.toISOString() : String(value)
}

function decodeValue(kind: FieldKind, field: string, text: string): unknown {
  switch (kind) {
    case 'text':
      return text
    case 'instant':
      return isDecimalInteger(text) && !isYearOrDate(text) ? Number(text) : text
    case 'duration':
      return isDecimalInteger(text) ? Number(text) : text
    case 'number':
      return decodeNumber(field, text)
    case 'boolean':
      return decodeBoolean(field, text)
    case 'json':
      return decodeJson(field, text)
    case 'tags':
      return text.trimStart().startsWith('[') ? decodeJson(field, text) : splitList(text)
    case 'texts':
      return text.startsWith('[') ? decodeJson(field, text) : text
  }
}

/** Whether the text is the decimal form of an integer, so that the number has the same meaning. */
function isDecimalInteger(text: string): boolean {
  return Number.isSafeInteger(Number(text)) && String(Number(text)) === text
}

function decodeNumber(field: string, text: string): number {
  if (!/^-?\d{1,20}(?:\.\d{1,20})?(?:e-?\d{1,3})?$/.test(text)) throw wrongValue(field, text, 'a number in decimal')
  return Number(text)
}

function decodeBoolean(field: string, text: string): boolean {
  const word = text.toLowerCase()
  if (word === '1' || word === 'true') return true
  if (word === '0' || word === 'false') return false
  throw wrongValue(field, text, '1, 0, true, false')
}

function decodeJson(field: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const code = field === 'payload' ? 'ERR_EVERYBEAT_PAYLOAD' : 'ERR_EVERYBEAT_DEFINITION'
    const message = `${field}: ${showValue(text)} is not JSON; allowed: JSON text`
    throw new EverybeatError(code, message, { field, value: text, cause })
  }
}

function splitList(text: string): string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
}

function tooLong(field: string, text: string): EverybeatError {
  const code = field === 'payload' ? 'ERR_EVERYBEAT_PAYLOAD' : 'ERR_EVERYBEAT_DEFINITION'
  const message = `${field}: ${showValue(text.slice(0, 100))}… has ${text.length} characters; allowed: at most ${MAX_FIELD_LENGTH}`
  return new EverybeatError(code, message, { field, value: text.slice(0, 100) })
}
