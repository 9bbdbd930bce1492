import { EverybeatError, showValue } from '../errors.js'
import { normalizeItem, type CronField } from './cron-items.js'

/** A cron expression that passed every check of its text; each field is a list of upper-case items. */
export interface CronText {
  /** Six fields, seconds first, upper case, single spaces, macros and `H` resolved. */
  readonly normalized: string
  readonly fields: readonly (readonly string[])[]
  /** Whether the expression was written with seconds. */
  readonly hasSeconds: boolean
  /** Whether second, minute or hour is written with `*` or `/`. */
  readonly intervalLike: boolean
}

const steps = 'lists, ranges a-b, steps */n or a-b/n, H'
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const dayNames = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

/** The six fields in their order. */
export const CRON_FIELDS: readonly CronField[] = [
  { name: 'second', min: 0, max: 59, names: [], allowed: `0-59, *, ${steps}` },
  { name: 'minute', min: 0, max: 59, names: [], allowed: `0-59, *, ${steps}` },
  { name: 'hour', min: 0, max: 23, names: [], allowed: `0-23, *, ${steps}` },
  { name: 'day of month', min: 1, max: 31, names: [], allowed: `1-31, *, ?, ${steps}, L, LW, nW` },
  { name: 'month', min: 1, max: 12, names: monthNames, allowed: `1-12, JAN-DEC, *, ${steps}` },
  { name: 'day of week', min: 0, max: 6, names: dayNames, allowed: `0-7, SUN-SAT, *, ?, ${steps}, nL, n#1 to n#5` },
]

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const MAX_CRON_LENGTH = 512

/**
 * Checks the text of a cron expression and normalizes it. `name` is the seed of `H`; `field` is the name of the
 * expression in messages.
 * @throws {EverybeatError} `ERR_EVERYBEAT_CRON`, naming the field, the value and what is allowed.
 */
export function readCronText(input: unknown, name: string, field: string): CronText {
  const refuse = (reason: string): never => {
    const message = `${field}: ${showValue(input)} cannot be used; ${reason}`
    throw new EverybeatError('ERR_EVERYBEAT_CRON', message, { field, value: input })
  }
  if (typeof input !== 'string') return refuse('allowed: text of five or six fields, or a macro')
  if (input.length > MAX_CRON_LENGTH) return refuse(`allowed: at most ${MAX_CRON_LENGTH} characters`)
  if (/[^\t\x20-\x7e]/.test(input)) return refuse('allowed: printable ASCII characters, spaces and tabs')
  const words = splitWords(input, refuse)
  const hasSeconds = words.length === 6
  const texts = hasSeconds ? words : ['0', ...words]
  if (texts[3] === '?' && texts[5] === '?') refuse('allowed: ? in day of month or in day of week, not in both')
  const fields = texts.map((text, index) => readField(CRON_FIELDS[index]!, text, name, refuse))
  const normalized = fields.map((items) => items.join(',')).join(' ')
  return { normalized, fields, hasSeconds, intervalLike: texts.slice(0, 3).some((text) => /[*/]/.test(text)) }
}

/** Whether a field does not restrict its values. */
export function isUnrestricted(items: readonly string[]): boolean {
  return items.length === 1 && (items[0] === '*' || items[0] === '?')
}

function splitWords(text: string, refuse: (reason: string) => never): string[] {
  const words = text.split(/[ \t]+/).filter((word) => word !== '')
  const [first] = words
  if (first === undefined) return refuse('allowed: five or six fields, or a macro')
  if (first.startsWith('@')) {
    const macro = words.length === 1 && Object.hasOwn(MACROS, first.toLowerCase()) && MACROS[first.toLowerCase()]
    if (!macro)
      return refuse(`macro ${showValue(words.join(' '))} is not known; allowed: ${Object.keys(MACROS).join(', ')}`)
    return macro.split(' ')
  }
  if (words.length !== 5 && words.length !== 6) {
    return refuse(
      `${words.length} field${words.length === 1 ? '' : 's'} found; allowed: five, or six with seconds first`,
    )
  }
  return words
}

function readField(field: CronField, text: string, name: string, refuse: (reason: string) => never): string[] {
  const items = text.split(',').map((item) => {
    const normalized = normalizeItem(field, item, text, name)
    if (normalized !== null) return normalized
    const where = item === text ? '' : ` (in ${showValue(text)})`
    return refuse(`${field.name} ${showValue(item)}${where}; allowed: ${field.allowed}`)
  })
  return [...new Set(items)]
}
