import { Refusal } from './entry.js'

/** A JSON object whose members are not known yet. */
export type JsonRecord = Record<string, unknown>

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as a JSON object; refuses anything else, naming it. */
export function asRecord(value: unknown, what: string): JsonRecord {
  if (isRecord(value)) return value
  throw new Refusal(`${what} is ${show(value)}, but an object is expected`)
}

/** A member that is text, or undefined when it is absent or null; refuses anything else. */
export function textOf(record: JsonRecord, field: string): string | undefined {
  const value = record[field]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw new Refusal(`${field} is ${show(value)}, but text is expected`)
}

/** A member that is a number, also written as text; undefined when it is absent or null; refuses anything else. */
export function numberOf(record: JsonRecord, field: string): number | undefined {
  const value = record[field]
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  throw new Refusal(`${field} is ${show(value)}, but a number is expected`)
}

/** A member that is a boolean; `fallback` when it is absent or null; refuses anything else. */
export function booleanOf(record: JsonRecord, field: string, fallback: boolean): boolean {
  const value = record[field]
  if (value === undefined || value === null) return fallback
  if (typeof value === 'boolean') return value
  throw new Refusal(`${field} is ${show(value)}, but true or false is expected`)
}

/** JSON text, parsed; refuses other text, naming the field. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new Refusal(`${what} is not JSON (${(cause as Error).message})`)
  }
}

/** Names of members that have a value and are not in the list of converted members. */
export function unknownMembers(record: JsonRecord, known: readonly string[]): string[] {
  return Object.keys(record).filter(
    (field) => !known.includes(field) && record[field] !== null && record[field] !== undefined,
  )
}

/** A value as it is shown in a reason, cut to a length that a person reads. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** Milliseconds as the shortest duration text: `30s`, `500ms`, `1h30m`. */
export function durationText(durationMs: number): string {
  const rounded = Math.round(durationMs)
  if (rounded % 1000 !== 0) return `${rounded}ms`
  let rest = rounded / 1000
  let text = ''
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) text += `${count}${unit}`
  }
  return text === '' ? '0s' : text
}

/** An instant as ISO 8601 text in UTC: of epoch milliseconds, a Date, or text with an offset; refuses anything else. */
export function instantText(value: unknown, what: string): string {
  const date = value instanceof Date || typeof value === 'number' ? new Date(value) : new Date(NaN)
  if (typeof value === 'string') {
    const hasOffset = /(Z|[+-]\d\d:?\d\d)$/i.test(value.trim())
    // Text without an offset is read by the library, in the zone of the definition.
    if (!hasOffset && /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(value.trim())) {
      return value
        .trim()
        .replace(' ', 'T')
        .replace(/(\.\d{3})\d+$/, '$1')
    }
    if (hasOffset)
      date.setTime(
        Date.parse(
          value
            .trim()
            .replace(' ', 'T')
            .replace(/(\.\d{3})\d+/, '$1'),
        ),
      )
  }
  if (Number.isNaN(date.getTime())) throw new Refusal(`${what} is ${show(value)}, but an instant is expected`)
  return date.toISOString()
}
