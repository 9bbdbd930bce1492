import type { DefinitionShape } from '../index.js'
import { changesClocks, dayMatchOf } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect, type DialectField } from './cron-dialect.js'
import { emitField } from './cron-emit.js'
import { parseEnglishInterval, parseTimeOfDay } from './english-interval.js'
import { APPROXIMATED, Refusal } from './entry.js'
import { durationText, show } from './records.js'

const FUGIT: CronDialect = {
  system: 'fugit',
  sevenIsSunday: true,
  openStep: 'to-max',
  wraps: true,
  questionMark: false,
}
const { second, minute, hour, day, month, weekday } = DIALECT_FIELDS
const FIELDS: readonly DialectField[] = [second, minute, hour, day, month, weekday]
const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@noon': '0 12 * * *',
  '@hourly': '0 * * * *',
}
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/** Reads the text of a sidekiq-cron job as the Ruby library fugit does: a cron that may end in a zone, or English. */
export function readFugit(
  text: string,
  fallbackZone: string | undefined,
): { trigger: DefinitionShape; notes: string[] } {
  const { rest, zone } = splitZone(text.trim())
  const tz = zone ?? fallbackZone
  const zoned: DefinitionShape = tz === undefined ? {} : { tz }
  const notes = [
    ...(tz === undefined
      ? ['the job names no zone, so it counts in that of its process: UTC is assumed; --tz sets it']
      : []),
    ...(changesClocks(tz)
      ? [
          `${APPROXIMATED}fugit leaves out a time that the clocks skip; so it is here, and a time that they repeat runs once`,
        ]
      : []),
  ]
  const clocks: DefinitionShape = changesClocks(tz) ? { dstGap: 'skip' } : {}
  const macro = MACROS[rest.toLowerCase()]
  if (macro !== undefined) return { trigger: { cron: macro, ...zoned, ...clocks }, notes }
  if (/^(every|at)\b/i.test(rest)) return readEnglish(rest.toLowerCase(), { ...zoned, ...clocks }, notes)
  return { trigger: { ...readCron(rest), ...zoned, ...clocks }, notes }
}

function splitZone(text: string): { rest: string; zone: string | undefined } {
  const parts = /^(.*\S)\s+([A-Z][A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+|UTC|GMT|Z)$/.exec(text)
  if (parts === null) return { rest: text, zone: undefined }
  return { rest: parts[1]!.replace(/\s+in$/, ''), zone: parts[2] === 'Z' ? 'UTC' : parts[2]! }
}

function readCron(text: string): DefinitionShape {
  const words = text.split(/\s+/)
  if (words.length !== 5 && words.length !== 6) throw new Refusal(`${show(text)} is no cron of five or six fields`)
  const special = words.find((word) => /[%&]|(^|,)-|[a-z0-9]\+/i.test(word))
  if (special !== undefined)
    throw new Refusal(`${show(special)} is notation of fugit that has no counterpart`, 'an rrule, or several schedules')
  const shown = words.map((word, index) => readField(FIELDS[index + 6 - words.length]!, word))
  return { cron: shown.join(' '), ...dayMatchOf('or', shown.at(-3)!, shown.at(-1)!) }
}

function readField(field: DialectField, text: string): string {
  if (/^l(ast)?$/i.test(text) && field === day) return 'L'
  if (/#/.test(text)) return text.replace(/([a-z0-9]+)#(?:L|-1)/gi, '$1L')
  return emitField(readDialectField(FUGIT, field, text))
}

/** `every 5 minutes`, `every hour`, `every day at noon`, `every monday at 9am`, `every weekday at 18:30`. */
function readEnglish(
  text: string,
  fields: DefinitionShape,
  notes: string[],
): { trigger: DefinitionShape; notes: string[] } {
  const [, what = '', at] = /^every\s+(.*?)(?:\s+at\s+(.+))?$/.exec(text) ?? []
  const days =
    what === 'day' ? '*' : what === 'weekday' ? '1-5' : WEEKDAYS.includes(what) ? String(WEEKDAYS.indexOf(what)) : null
  if (days !== null) {
    const time = at === undefined ? { hour: 0, minute: 0 } : parseTimeOfDay(at)
    if (time === null) throw new Refusal(`${show(text)} cannot be read`, 'a cron, such as 0 9 * * 1-5')
    return { trigger: { cron: `${time.minute} ${time.hour} * * ${days}`, ...fields }, notes }
  }
  if (what === '' || at !== undefined) throw new Refusal(`${show(text)} cannot be read`, 'a cron, such as 0 9 * * 1-5')
  return readInterval(parseEnglishInterval(what), fields, notes)
}

// fugit makes a cron of an interval where one fits: the cron counts from the start of each hour or day.
function readInterval(
  everyMs: number,
  fields: DefinitionShape,
  notes: string[],
): { trigger: DefinitionShape; notes: string[] } {
  const minutes = everyMs / 60_000
  const hours = minutes / 60
  if (Number.isInteger(hours) && 24 % hours === 0)
    return { trigger: { cron: `0 ${hours === 24 ? '0' : hours === 1 ? '*' : `*/${hours}`} * * *`, ...fields }, notes }
  if (Number.isInteger(minutes) && 60 % minutes === 0)
    return { trigger: { cron: `${minutes === 1 ? '*' : `*/${minutes}`} * * * *`, ...fields }, notes }
  const every = durationText(everyMs)
  return {
    trigger: { every },
    notes: [
      `${APPROXIMATED}an interval that divides neither an hour nor a day; here it counts from the Unix epoch, unless anchor is set`,
    ],
  }
}
