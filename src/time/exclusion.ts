import { EverybeatError, showValue } from '../errors.js'
import { DAY_SECONDS, daysInMonth, daysToDate, showDate, weekdayOfDays } from './civil.js'
import { parseCron, type Cron, type CronContext } from './cron.js'
import { createCronCover } from './exclusion-cron.js'
import type { Zone } from './zone.js'

/** A stretch of excluded instants, epoch ms: from … until - 1. */
export interface Cover {
  readonly from: number
  readonly until: number
}

/** A rule that takes occurrences away. */
export interface Exclusion {
  /** Canonical text. */
  readonly text: string
  /** A stretch around the instant in which no occurrence is allowed; null when the instant is not excluded. */
  coverAt(atMs: number): Cover | null
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const MAX_EXCLUSIONS = 1_000

/**
 * Reads `exclude`: one text or several, each a date (`2026-12-25`), a range of dates with both ends
 * (`2026-12-24/2026-12-26`), weekdays (`sat,sun`), a list of these, or a cron. Days are those of the zone.
 * `trigger` is the cron that the exclusions are taken from, when there is one.
 * @throws {EverybeatError} `ERR_EVERYBEAT_TRIGGER`, or `ERR_EVERYBEAT_CRON` for a cron.
 */
export function parseExclusions(input: unknown, context: CronContext, trigger: Cron | null): Exclusion[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input]
  if (texts.length > MAX_EXCLUSIONS) throw exclusionError(input, `at most ${MAX_EXCLUSIONS} exclusions are allowed`)
  const days: DayRange[] = []
  const weekdays = new Set<number>()
  const crons: Exclusion[] = []
  for (const text of texts) {
    if (typeof text === 'string' && isCron(text)) {
      crons.push(createCronCover(parseCron(text, { ...context, dstOverlap: 'both' }, 'exclude'), context.zone, trigger))
    } else readDays(text, days, weekdays)
  }
  const exclusions: Exclusion[] = []
  if (days.length > 0) exclusions.push(coverDays(joinRanges(days), context.zone))
  if (weekdays.size > 0) exclusions.push(coverWeekdays(weekdays, context.zone))
  return [...exclusions, ...crons]
}

/** Turns a stretch of whole seconds on the wall clock into instants, cut where the zone changes its offset. */
export function coverOfWall(zone: Zone, atMs: number, fromWall: number, untilWall: number): Cover {
  const { start, end, offset } = zone.segmentAt(Math.floor(atMs / 1000))
  return { from: Math.max(start, fromWall - offset) * 1000, until: Math.min(end, untilWall - offset) * 1000 }
}

interface DayRange {
  readonly first: number
  readonly last: number
}

function isCron(text: string): boolean {
  return text.startsWith('@') || /[^\s,][ \t]+[^\s,]/.test(text.trim())
}

function readDays(text: unknown, days: DayRange[], weekdays: Set<number>): void {
  if (typeof text !== 'string' || text.length > 10_000) throw exclusionError(text)
  for (const item of text.split(',')) {
    const word = item.trim().toLowerCase()
    const weekday = WEEKDAYS.indexOf(word)
    if (weekday >= 0) weekdays.add(weekday)
    else days.push(readRange(word, item))
  }
}

function readRange(word: string, item: string): DayRange {
  const ends = word.split('/')
  const first = readDate(ends[0] ?? '')
  const last = ends.length === 1 ? first : readDate(ends[1] ?? '')
  if (ends.length > 2 || first === null || last === null) throw exclusionError(item)
  if (first > last) throw exclusionError(item, 'the first day of a range comes first')
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
  const allowed =
    reason ?? 'allowed are dates (2026-12-25), ranges of dates (2026-12-24/2026-12-26), weekdays (sat,sun) and crons'
  return new EverybeatError('ERR_EVERYBEAT_TRIGGER', `exclude is ${showValue(value)}: ${allowed}`, {
    field: 'exclude',
    value,
  })
}

function joinRanges(ranges: readonly DayRange[]): DayRange[] {
  const joined: DayRange[] = []
  for (const range of [...ranges].sort((left, right) => left.first - right.first)) {
    const before = joined.at(-1)
    if (before === undefined || range.first > before.last + 1) joined.push(range)
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return joined
}

function coverDays(ranges: readonly DayRange[], zone: Zone): Exclusion {
  const text = ranges.map(({ first, last }) =>
    first === last ? showDate(first) : `${showDate(first)}/${showDate(last)}`,
  )
  return {
    text: text.join(','),
    coverAt(atMs) {
      const day = dayAt(zone, atMs)
      let low = 0
      let high = ranges.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (ranges[middle]!.last < day) low = middle + 1
        else high = middle
      }
      const range = ranges[low]
      if (range === undefined || range.first > day) return null
      return coverOfWall(zone, atMs, range.first * DAY_SECONDS, (range.last + 1) * DAY_SECONDS)
    },
  }
}

function coverWeekdays(weekdays: ReadonlySet<number>, zone: Zone): Exclusion {
  return {
    text: WEEKDAYS.filter((_, weekday) => weekdays.has(weekday)).join(','),
    coverAt(atMs) {
      const day = dayAt(zone, atMs)
      if (!weekdays.has(weekdayOfDays(day))) return null
      let first = day
      let last = day
      while (day - first < 6 && weekdays.has(weekdayOfDays(first - 1))) first--
      while (last - day < 6 && weekdays.has(weekdayOfDays(last + 1))) last++
      return coverOfWall(zone, atMs, first * DAY_SECONDS, (last + 1) * DAY_SECONDS)
    },
  }
}

function dayAt(zone: Zone, atMs: number): number {
  const second = Math.floor(atMs / 1000)
  return Math.floor((second + zone.segmentAt(second).offset) / DAY_SECONDS)
}
