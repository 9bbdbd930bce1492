import { EverybeatError, showValue } from '../errors.js'
import { daysInMonth, daysToDate } from './civil.js'
import { parseCron, type CronContext } from './cron.js'
import { excludeCron, type UsedTimes } from './exclusion-cron.js'
import {
  coverRanges,
  coverWeekdays,
  joinRanges,
  showRanges,
  showWeekdays,
  WEEKDAYS,
  type DayRange,
} from './exclusion-days.js'
import { excludeWall, type Exclusion } from './exclusion.js'

const MAX_EXCLUSIONS = 1_000
const MAX_EXCLUDED_CRONS = 20
const MAX_LENGTH = 10_000

/**
 * Reads `exclude`: one text or several, each a date (`2026-12-25`), a range of dates with both ends
 * (`2026-12-24/2026-12-26`), weekdays (`sat,sun`), a list of these, or a cron. Days are those of the zone. `used` are
 * the times that the trigger can name; null if unknown.
 * @throws {EverybeatError} `ERR_EVERYBEAT_TRIGGER`, or `ERR_EVERYBEAT_CRON` for a cron.
 */
export function parseExclusions(input: unknown, context: CronContext, used: UsedTimes | null): Exclusion[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input]
  if (texts.length > MAX_EXCLUSIONS) throw exclusionError(input, `at most ${MAX_EXCLUSIONS} exclusions`)
  const crons = texts.filter(isCron)
  if (crons.length > MAX_EXCLUDED_CRONS) throw exclusionError(input, `at most ${MAX_EXCLUDED_CRONS} crons`)
  const days: DayRange[] = []
  const weekdays = new Set<number>()
  for (const text of texts) if (!isCron(text)) readDays(text, days, weekdays)
  const ranges = joinRanges(days)
  const exclusions = crons.map((text) =>
    excludeCron(parseCron(text, { ...context, dstOverlap: 'both' }, 'exclude'), context.zone, used),
  )
  if (weekdays.size > 0) exclusions.unshift(excludeWall(showWeekdays(weekdays), coverWeekdays(weekdays), context.zone))
  if (ranges.length > 0) exclusions.unshift(excludeWall(showRanges(ranges), coverRanges(ranges), context.zone))
  return exclusions
}

/** Whether a text is a cron: it is a macro, or has blanks between words. */
function isCron(text: unknown): text is string {
  return typeof text === 'string' && (text.trimStart().startsWith('@') || /[^\s,][ \t]+[^\s,]/.test(text))
}

function readDays(text: unknown, days: DayRange[], weekdays: Set<number>): void {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) throw exclusionError(text)
  for (const item of text.split(',')) {
    const word = item.trim().toLowerCase()
    const weekday = (WEEKDAYS as readonly string[]).indexOf(word)
    if (weekday >= 0) weekdays.add(weekday)
    else days.push(readRange(word, item))
  }
}

function readRange(word: string, item: string): DayRange {
  const ends = word.split('/').map(readDate)
  const [first, last = first] = ends
  if (ends.length > 2 || first === null || first === undefined || last === null || last === undefined)
    throw exclusionError(item)
  if (first > last) throw exclusionError(item, 'ranges whose first day comes first')
  return { first, last }
}

function readDate(text: string): number | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  if (parts === null) return null
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number]
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
  return exists ? daysToDate(year, month, day) : null
}

function exclusionError(value: unknown, reason?: string): EverybeatError {
  const allowed = reason ?? 'dates (2026-12-25), ranges of dates (2026-12-24/2026-12-26), weekdays (sat,sun) and crons'
  return new EverybeatError(
    'ERR_EVERYBEAT_TRIGGER',
    `exclude: ${showValue(value)} cannot be used; allowed: ${allowed}`,
    {
      field: 'exclude',
      value,
    },
  )
}
