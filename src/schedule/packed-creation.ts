import type { DefinitionFields } from './definition.js'

/** The letters of the ways of an edit; `lib/creation.lua` writes them. */
const WAYS = { A: 'api', C: 'cli', D: 'dashboard', I: 'import' } as const

type Way = (typeof WAYS)[keyof typeof WAYS]

/** Who created a schedule, when, and with which definition. */
export interface PackedCreation {
  readonly atMs: number
  readonly via: Way
  /** Empty when unknown. */
  readonly by: string
  readonly fields: DefinitionFields
}

/** The fields in the order of their codes: the control characters without NUL, tab and line breaks. */
const FIELDS = [
  ...['task', 'cron', 'every', 'at', 'rrule', 'tz', 'payload', 'misfire', 'overlap', 'onCrash', 'pool', 'tags', 'note'],
  ...['owner', 'timeout', 'retries', 'backoff', 'jitter', 'spread', 'start', 'end', 'limit', 'enabled', 'pauseAfter'],
  ...['maxConcurrent', 'removeAfter', 'misfireGrace', 'catchUpWindow'],
]
const CODES = Array.from({ length: 31 }, (_, index) => String.fromCharCode(index + 1)).filter(
  (code) => !'\t\n\r'.includes(code),
)
const FIELD_OF = new Map(FIELDS.map((field, index) => [CODES[index], field]))
const ANY_CODE = `[${CODES.join('')}]`

/**
 * Reads the text in which `lib/creation.lua` packs a creation: the time in base 36, the letter of the way, the author;
 * then for each field its code and its text. Null for any other text.
 */
export function unpackCreation(packed: string): PackedCreation | null {
  const [head = '', ...texts] = packed.split(new RegExp(ANY_CODE))
  const [, digits = '', letter = '', by = ''] = /^([a-z0-9]+)([A-Z])(.*)$/s.exec(head) ?? []
  const via = (WAYS as Readonly<Record<string, Way | undefined>>)[letter]
  if (via === undefined) return null
  const codes = packed.match(new RegExp(ANY_CODE, 'g')) ?? []
  const fields = Object.fromEntries(codes.map((code, index) => [FIELD_OF.get(code)!, texts[index]!]))
  return { atMs: Number.parseInt(digits, 36), via, by, fields }
}
