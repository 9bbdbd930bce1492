import type { DefinitionShape } from '../index.js'
import { dayMatchOf } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField } from './cron-emit.js'
import { APPROXIMATED, Refusal } from './entry.js'

/** How Vixie cron and cronie read a crontab. */
const CRONTAB: CronDialect = {
  system: 'cron',
  sevenIsSunday: true,
  openStep: 'refuse',
  wraps: false,
  questionMark: false,
}

const MACROS = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/** The trigger fields of a crontab's five fields, and the approximations. */
export interface CrontabTrigger {
  trigger: Pick<DefinitionShape, 'cron' | 'dayMatch'>
  notes: string[]
}

/** Reads a macro such as `@daily`. Refuses `@reboot`, which no fleet can honour, and macros that cron does not know. */
export function readMacro(word: string): CrontabTrigger {
  const cron = MACROS.get(word.toLowerCase())
  if (cron !== undefined) return { trigger: { cron }, notes: [] }
  if (word.toLowerCase() === '@reboot') {
    throw new Refusal(
      '@reboot runs when a machine boots, and a fleet has no boot',
      'call the task from the code that starts the worker, or a schedule with at',
    )
  }
  throw new Refusal(`${word} is not a macro that cron knows`, [...MACROS.keys()].join(', '))
}

/**
 * Reads the five fields as Vixie cron does: the day fields are both required when one of them begins with `*`, and a
 * schedule follows real time through clock changes when its minute or its hour begins with `*`.
 */
export function readCrontabFields(texts: readonly string[]): CrontabTrigger {
  const [minuteText, hourText, dayText, monthText, weekdayText] = texts as [string, string, string, string, string]
  const notes: string[] = []
  const { minute, hour, day, month, weekday } = DIALECT_FIELDS
  const followsRealTime = minuteText.startsWith('*') || hourText.startsWith('*')
  const writtenWithSign = [minuteText, hourText].some((text) => /[*/]/.test(text))
  const fixed = writtenWithSign && !followsRealTime
  const emit = (field: DialectField, text: string, isFixed = false): string =>
    text.includes('~') ? emitRandom(field, text, notes) : emitField(readDialectField(CRONTAB, field, text), isFixed)
  const dayShown = emit(day, dayText)
  const weekdayShown = emit(weekday, weekdayText)
  const combinesBy = dayText.startsWith('*') || weekdayText.startsWith('*') ? 'and' : 'or'
  const cron = [
    emit(minute, minuteText, fixed),
    emit(hour, hourText, fixed),
    dayShown,
    emit(month, monthText),
    weekdayShown,
  ]
  return { trigger: { cron: cron.join(' '), ...dayMatchOf(combinesBy, dayShown, weekdayShown) }, notes }
}

/** `~`, `5~`, `~30`, `5~30`: a random value in cronie, a stable hash of the name here. */
function emitRandom(field: DialectField, text: string, notes: string[]): string {
  const parts = /^(\d{0,2})~(\d{0,2})$/.exec(text)
  const [low, high] = [parts?.[1] || String(field.min), parts?.[2] || String(field.max)]
  if (parts === null) throw new Refusal(`${field.name} ${JSON.stringify(text)} mixes a random value with others`, 'H')
  const [first, last] = [Number(low), Number(high)]
  if (first < field.min || last > field.max || first > last) {
    throw new Refusal(
      `${field.name} ${JSON.stringify(text)} is outside ${field.min}-${field.max}, which is what cron allows`,
    )
  }
  const shown = `H(${low}-${high})`
  notes.push(
    `${APPROXIMATED}${field.name} ${text} is a new random value at each start of cron; here ${shown} is one stable value for this schedule`,
  )
  return shown
}
