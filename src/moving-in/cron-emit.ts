import type { DialectField, FieldValues } from './cron-dialect.js'

/**
 * A field in our own notation, with the same values. The text of the source is kept where it means the same here;
 * otherwise the values are listed.
 *
 * @param fixed whether the text must hold neither `*` nor `/`, so that the schedule counts as fixed-time
 */
export function emitField(read: FieldValues, fixed = false): string {
  const { field, text, values } = read
  if (fixed) return listValues(values)
  const size = field.max - field.min + 1
  // A step beyond the field names its first value alone; the widest step that is allowed here does the same.
  const items = text
    .split(',')
    .map((item) => item.replace(/^(\*\/)(\d+)$/, (_, star, step) => `${star}${Math.min(size, Number(step))}`))
  if (items.every((item) => meansTheSame(field, item.toUpperCase()))) return items.join(',')
  // A full day field that is written without a star is a restriction like any other where the day fields are ORed.
  const isDay = field.name === 'day of month' || field.name === 'day of week'
  return values.length === size && !isDay ? '*' : listValues(values)
}

/** Values as numbers and ranges: `0-23`, `0,15,30,45`. */
export function listValues(values: readonly number[]): string {
  const runs: [number, number][] = []
  for (const value of values) {
    const run = runs.at(-1)
    if (run !== undefined && value === run[1] + 1) run[1] = value
    else runs.push([value, value])
  }
  const show = ([low, high]: [number, number]): string =>
    high - low >= 2 ? `${low}-${high}` : low === high ? String(low) : `${low},${high}`
  return runs.map(show).join(',')
}

/** Whether an item is one of ours and means the same in every dialect that accepts it. */
function meansTheSame(field: DialectField, item: string): boolean {
  const parts = /^(?:\*|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(item)
  if (parts === null) return false
  const [, low, high, step] = parts
  if (step !== undefined && (Number(step) > field.max - field.min + 1 || (low !== undefined && high === undefined))) {
    return false
  }
  if (low === undefined) return true
  const first = valueOf(field, low)
  return first !== null && (high === undefined || (valueOf(field, high) ?? -1) >= first)
}

function valueOf(field: DialectField, text: string): number | null {
  const named = field.names.indexOf(text.toLowerCase())
  if (named >= 0) return field.min + named
  if (field.name === 'day of week' && text === '7') return 7
  const value = Number(text)
  return /^\d{1,2}$/.test(text) && value >= field.min && value <= field.max ? value : null
}
