import { Refusal } from './entry.js'

/** A field of a cron expression in another system. */
export interface DialectField {
  readonly name: 'second' | 'minute' | 'hour' | 'day of month' | 'month' | 'day of week'
  readonly min: number
  readonly max: number
  /** Names allowed beside numbers, lower case, counting from `min`. */
  readonly names: readonly string[]
}

/** How a system reads the items of a cron field, where systems differ. */
export interface CronDialect {
  /** The system, for messages. */
  readonly system: string
  /** Whether weekday 7 is Sunday; otherwise 7 is an error there. */
  readonly sevenIsSunday: boolean
  /** The meaning of `5/10`: an error, or `5-max/10`. */
  readonly openStep: 'refuse' | 'to-max'
  /** Whether a range may run over the end of the field: `fri-mon`. */
  readonly wraps: boolean
  /** Whether `?` means `*` in any field. */
  readonly questionMark: boolean
}

/** One field, read. */
export interface FieldValues {
  readonly field: DialectField
  readonly text: string
  /** Every value that the field names, ascending; weekdays 0 (Sunday) to 6. */
  readonly values: readonly number[]
  /** Whether an item is `*` without a step above 1. */
  readonly hasStar: boolean
  /** Whether the text begins with `*`. */
  readonly beginsWithStar: boolean
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** The fields of an expression, in the order of a crontab, with seconds first. */
export const DIALECT_FIELDS = {
  second: { name: 'second', min: 0, max: 59, names: [] },
  minute: { name: 'minute', min: 0, max: 59, names: [] },
  hour: { name: 'hour', min: 0, max: 23, names: [] },
  day: { name: 'day of month', min: 1, max: 31, names: [] },
  month: { name: 'month', min: 1, max: 12, names: MONTHS },
  weekday: { name: 'day of week', min: 0, max: 6, names: WEEKDAYS },
} as const satisfies Record<string, DialectField>

/** Reads a field as the system does. Refuses texts that the system itself refuses, and texts that systems read differently. */
export function readDialectField(dialect: CronDialect, field: DialectField, text: string): FieldValues {
  const values = new Set<number>()
  let hasStar = false
  for (const item of text.toLowerCase().split(',')) {
    const read = readItem(dialect, field, item, text)
    for (const value of read.values) values.add(field.name === 'day of week' ? value % 7 : value)
    hasStar ||= read.isStar
  }
  const beginsWithStar = text.startsWith('*') || (dialect.questionMark && text.startsWith('?'))
  return { field, text, values: [...values].sort((left, right) => left - right), hasStar, beginsWithStar }
}

function readItem(
  dialect: CronDialect,
  field: DialectField,
  item: string,
  text: string,
): { values: number[]; isStar: boolean } {
  const where = `${field.name} ${JSON.stringify(item)}${item === text ? '' : ` in ${JSON.stringify(text)}`}`
  const parts = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d{1,5}))?$/.exec(item)
  if (parts === null) throw new Refusal(`${where} is not a value that ${dialect.system} reads`)
  const [, first, last, stepText] = parts
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step < 1) throw new Refusal(`${where} has a step of 0, which ${dialect.system} refuses`)
  if (first === '*' || (first === '?' && dialect.questionMark)) {
    if (last !== undefined) throw new Refusal(`${where} is not a value that ${dialect.system} reads`)
    return { values: stepThrough(field.min, field.max, step), isStar: step === 1 }
  }
  const low = readValue(dialect, field, first!, where)
  if (last !== undefined) {
    return {
      values: readRange(dialect, field, { low, high: readValue(dialect, field, last, where), step }, where),
      isStar: false,
    }
  }
  if (stepText === undefined) return { values: [low], isStar: false }
  if (dialect.openStep === 'refuse') {
    throw new Refusal(`${where} is an error in ${dialect.system}`, `${first}-${field.max}/${step}`)
  }
  return { values: stepThrough(low, field.max, step), isStar: false }
}

function readRange(
  dialect: CronDialect,
  field: DialectField,
  { low, high, step }: { low: number; high: number; step: number },
  where: string,
): number[] {
  if (low <= high) return stepThrough(low, high, step)
  if (!dialect.wraps)
    throw new Refusal(`${where} is a range that ends before it begins, which ${dialect.system} refuses`)
  const all = [...stepThrough(low, field.max, 1), ...stepThrough(field.min, high, 1)]
  return all.filter((_, index) => index % step === 0)
}

function readValue(dialect: CronDialect, field: DialectField, text: string, where: string): number {
  const named = field.names.indexOf(text)
  if (named >= 0) return field.min + named
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  const max = field.name === 'day of week' && dialect.sevenIsSunday ? 7 : field.max
  if (value >= field.min && value <= max) return value
  throw new Refusal(`${where} is outside ${field.min}-${max}, which is what ${dialect.system} allows`)
}

function stepThrough(low: number, high: number, step: number): number[] {
  const values: number[] = []
  for (let value = low; value <= high; value += step) values.push(value)
  return values
}
