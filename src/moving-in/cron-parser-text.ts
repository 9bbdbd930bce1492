import type { DefinitionShape } from '../index.js'
import { changesClocks } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField } from './cron-emit.js'
import { Refusal } from './entry.js'
import { show } from './records.js'

const MACROS = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@minutely', '* * * * *'],
  ['@secondly', '* * * * * *'],
  ['@weekdays', '0 0 * * 1-5'],
  ['@weekends', '0 0 * * 0,6'],
])

const { second, minute, hour, day, month, weekday } = DIALECT_FIELDS
const FIELDS: readonly DialectField[] = [second, minute, hour, day, month, weekday]

/** Reads a cron as the npm package cron-parser does, which BullMQ and Agenda use: five fields, or six with seconds first. */
export function readCronParserText(text: string, system: string, tz: string | undefined): DefinitionShape {
  const clocks: DefinitionShape = { ...(tz !== undefined && { tz }), ...(changesClocks(tz) && { dstGap: 'shift' }) }
  const macro = MACROS.get(text.trim().toLowerCase())
  if (macro !== undefined) return { cron: macro, ...clocks }
  const words = text.trim().split(/\s+/)
  if (words.length !== 5 && words.length !== 6) {
    throw new Refusal(`the cron ${show(text)} has ${words.length} fields; five or six can be converted`)
  }
  const dialect: CronDialect = { system, sevenIsSunday: true, openStep: 'to-max', wraps: false, questionMark: true }
  const fields = FIELDS.slice(6 - words.length)
  return { cron: words.map((word, index) => readField(dialect, fields[index]!, word)).join(' '), ...clocks }
}

// `L`, `#` and `W` mean the same here; the check of the definition refuses all others.
function readField(dialect: CronDialect, field: DialectField, text: string): string {
  if (text === '?') return '*'
  const isSpecial = (field === day || field === weekday) && /(^|,)L|#|W|\dL/i.test(text)
  return isSpecial ? text : emitField(readDialectField(dialect, field, text))
}
