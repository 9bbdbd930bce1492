import { Refusal } from './entry.js'
import { show } from './records.js'

const WORDS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
]
const UNITS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

/**
 * Milliseconds of an interval in English: `5 minutes`, `one hour`, `a day`, `1.5 hours`, `3 days and 4 hours`. Months and
 * years have no fixed length and are refused.
 */
export function parseEnglishInterval(text: string): number {
  const parts = text
    .trim()
    .toLowerCase()
    .replace(/^every\s+/, '')
    .split(/\s*(?:,|\band\b)\s*/)
    .filter((part) => part !== '')
  if (parts.length === 0) throw unreadable(text)
  return parts.reduce((sum, part) => sum + partMs(part, text), 0)
}

function partMs(part: string, text: string): number {
  const found = /^(?:(\d+(?:\.\d+)?|[a-z]+)\s*)?(second|minute|hour|day|week|month|year)s?$/.exec(part)
  if (found === null) throw unreadable(text)
  const [, count = 'one', unit = ''] = found
  const unitMs = UNITS[unit]
  if (unitMs === undefined)
    throw new Refusal(
      `${show(text)}: a ${unit} has no fixed length`,
      unit === 'month' ? 'cron: 0 0 1 * *' : 'cron: 0 0 1 1 *',
    )
  const number = ['a', 'an'].includes(count) ? 1 : WORDS.includes(count) ? WORDS.indexOf(count) : Number(count)
  if (Number.isNaN(number)) throw unreadable(text)
  return Math.round(number * unitMs)
}

function unreadable(text: string): Refusal {
  return new Refusal(
    `the interval ${show(text)} cannot be read`,
    'a cron, or a number with second, minute, hour, day or week',
  )
}

/** Hour and minute of a time of day: `3:30pm`, `15:30`, `noon`, `midnight`; null for anything else. */
export function parseTimeOfDay(text: string): { hour: number; minute: number } | null {
  const word = text.trim().toLowerCase()
  if (word === 'noon') return { hour: 12, minute: 0 }
  if (word === 'midnight') return { hour: 0, minute: 0 }
  const parts = /^(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?$/.exec(word)
  if (parts === null || (parts[2] === undefined && parts[3] === undefined)) return null
  const [, hourText, minuteText = '0', half] = parts
  const given = Number(hourText)
  const minute = Number(minuteText)
  if (half !== undefined && (given < 1 || given > 12)) return null
  const hour = half === undefined ? given : (given % 12) + (half === 'pm' ? 12 : 0)
  return hour > 23 || minute > 59 ? null : { hour, minute }
}
