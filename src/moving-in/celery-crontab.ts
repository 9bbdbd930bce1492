import type { DefinitionShape } from '../index.js'
import { changesClocks } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField } from './cron-emit.js'
import { APPROXIMATED, Refusal } from './entry.js'
import { show, type JsonRecord } from './records.js'

/** How Celery reads the fields of a `crontab`: ranges may wrap, weekday 7 and open steps are errors. */
const CELERY: CronDialect = {
  system: 'Celery',
  sevenIsSunday: false,
  openStep: 'refuse',
  wraps: true,
  questionMark: false,
}

/** A trigger, its differences from the old rules, and for an approximation the definition that fires by the old rules. */
export interface CeleryTrigger {
  trigger: DefinitionShape
  notes: string[]
  oldRules?: DefinitionShape
}

const FIELDS: readonly [string, DialectField][] = [
  ['minute', DIALECT_FIELDS.minute],
  ['hour', DIALECT_FIELDS.hour],
  ['day_of_month', DIALECT_FIELDS.day],
  ['month_of_year', DIALECT_FIELDS.month],
  ['day_of_week', DIALECT_FIELDS.weekday],
]

/**
 * Reads the fields of a `crontab`, each a number, a text or a list of numbers. All of them must match, also both day
 * fields; they count in the zone of the app.
 */
export function readCeleryCrontab(fields: JsonRecord, tz: string | undefined): CeleryTrigger {
  const read = FIELDS.map(([name, field]) => readDialectField(CELERY, field, fieldText(name, fields[name])))
  const cron = read.map((field) => emitField(field)).join(' ')
  const base: DefinitionShape = { dayMatch: 'and', ...(tz !== undefined && { tz }) }
  if (!changesClocks(tz)) return { trigger: { cron, ...base }, notes: [] }
  const [minute, hour] = read as [(typeof read)[0], (typeof read)[0]]
  const trigger: DefinitionShape = { cron, ...base, dstGap: 'shift' }
  if (!/[*/]/.test(emitField(minute) + emitField(hour))) return { trigger, notes: [] }
  const fixed = [emitField(minute, true), emitField(hour, true), ...cron.split(' ').slice(2)].join(' ')
  return {
    trigger,
    notes: [
      `${APPROXIMATED}when clocks go back, Celery's beat sends nothing while the hour is repeated; here the schedule follows real time. cron: ${JSON.stringify(fixed)} does as Celery does`,
    ],
    oldRules: { ...trigger, cron: fixed },
  }
}

function fieldText(name: string, value: unknown): string {
  if (value === undefined || value === null) return '*'
  if (typeof value === 'number' && Number.isInteger(value)) return String(value)
  if (Array.isArray(value) && value.length > 0 && value.every((item) => Number.isInteger(item))) return value.join(',')
  if (typeof value === 'string' && value.trim() !== '') return simplify(value)
  throw new Refusal(`${name} is ${show(value)}, but a number, a text or a list of numbers is expected`)
}

// Celery strips blanks, and takes names by their first three letters. A set or a list may be written as Python does.
function simplify(value: string): string {
  return value
    .replace(/^[[{(]\s*|\s*[\])}]$/g, '')
    .replace(/\s+/g, '')
    .replace(/[A-Za-z]{3,}/g, (word) => word.slice(0, 3).toLowerCase())
}
