import { hashBelow } from './hash.js'

/** A field of a cron expression: its place, its name in messages, and its limits. */
export interface CronField {
  readonly name: 'second' | 'minute' | 'hour' | 'day of month' | 'month' | 'day of week'
  readonly min: number
  readonly max: number
  /** Allowed names, counting from `min`. */
  readonly names: readonly string[]
  /** The allowed values, for messages. */
  readonly allowed: string
}

/**
 * Checks one item of a field's list. Gives it in upper case with `H` resolved and a range that ends in Sunday written
 * with 7; null when the item is not allowed.
 */
export function normalizeItem(field: CronField, item: string, fieldText: string, name: string): string | null {
  const upper = item.toUpperCase()
  if (upper === '*') return upper
  if (upper === '?') return isDayField(field) && fieldText === '?' ? upper : null
  if (upper.startsWith('H')) return resolveHash(field, upper, name)
  return normalizeDaySpecial(field, upper) ?? normalizeRange(field, upper)
}

function isDayField(field: CronField): boolean {
  return field.name === 'day of month' || field.name === 'day of week'
}

/** `L`, `LW`, `15W` of a day of month; `5L`, `FRIL`, `5#2`, `FRI#2` of a day of week. */
function normalizeDaySpecial(field: CronField, item: string): string | null {
  if (field.name === 'day of month') {
    if (item === 'L' || item === 'LW') return item
    const nearest = /^(\d{1,2})W$/.exec(item)
    const day = nearest === null ? null : readValue(field, nearest[1]!)
    return day === null ? null : `${day}W`
  }
  if (field.name !== 'day of week') return null
  const special = /^([A-Z0-9]+)(L|#[1-5])$/.exec(item)
  const weekday = special === null ? null : readValue(field, special[1]!)
  return weekday === null ? null : `${weekday % 7}${special![2]!}`
}

/** `5`, `MON`, `1-5`, `MON-FRI`, a range or `*` with a step. */
function normalizeRange(field: CronField, item: string): string | null {
  const parts = /^(?:\*|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(item)
  if (parts === null) return null
  const [, lowText, highText, stepText] = parts
  const step = stepText === undefined ? '' : `/${readStep(field, stepText) ?? 'wrong'}`
  if (step === '/wrong') return null
  if (lowText === undefined) return `*${step}`
  const low = readValue(field, lowText)
  if (low === null) return null
  if (highText === undefined) {
    if (step !== '') return null
    return String(field.name === 'day of week' ? low % 7 : low)
  }
  const named = readValue(field, highText)
  if (named === null) return null
  // Sunday as 7 is allowed only as the end of a range.
  const high = field.name === 'day of week' && highText === 'SUN' && low > 0 ? 7 : named
  return low > high ? null : `${low}-${high}${step}`
}

/** `H`, `H(a-b)`, `H/n`, `H(a-b)/n`: a value that the name of the schedule decides. */
function resolveHash(field: CronField, item: string, name: string): string | null {
  const parts = /^H(?:\((\d{1,2})-(\d{1,2})\))?(?:\/(\d{1,2}))?$/.exec(item)
  if (parts === null) return null
  const [, lowText, highText, stepText] = parts
  const seed = `${field.name}:${name}`
  const low = lowText === undefined ? field.min : readNumber(field, lowText)
  const high = highText === undefined ? field.max : readNumber(field, highText)
  if (low === null || high === null || low > high) return null
  if (stepText === undefined) {
    // A bare H must exist in every month.
    const last = field.name === 'day of month' && highText === undefined ? 28 : high
    return String(low + hashBelow(seed, last - low + 1))
  }
  const step = readStep(field, stepText)
  if (step === null) return null
  const first = low + hashBelow(seed, Math.min(step, high - low + 1))
  return `${first}-${high}/${step}`
}

function readStep(field: CronField, text: string): number | null {
  const step = Number(text)
  return step >= 1 && step <= field.max - field.min + 1 ? step : null
}

function readValue(field: CronField, text: string): number | null {
  const index = field.names.indexOf(text)
  if (index >= 0) return field.min + index
  if (field.name === 'day of week' && text === '7') return 7
  return readNumber(field, text)
}

function readNumber(field: CronField, text: string): number | null {
  if (!/^\d{1,2}$/.test(text)) return null
  const value = Number(text)
  return value >= field.min && value <= field.max ? value : null
}
