import { DAY_SECONDS, showDate, weekdayOfDays } from './civil.js'
import type { WallCover } from './exclusion.js'

/** Day numbers since 1970-01-01, both ends included. */
export interface DayRange {
  readonly first: number
  readonly last: number
}

/** The names of weekdays; the index is the number. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** Sorts ranges and joins those that touch. */
export function joinRanges(ranges: readonly DayRange[]): DayRange[] {
  const joined: DayRange[] = []
  for (const range of [...ranges].sort((left, right) => left.first - right.first)) {
    const before = joined.at(-1)
    if (before === undefined || range.first > before.last + 1) joined.push(range)
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return joined
}

/** Canonical text of date ranges. */
export function showRanges(ranges: readonly DayRange[]): string {
  return ranges
    .map(({ first, last }) => (first === last ? showDate(first) : `${showDate(first)}/${showDate(last)}`))
    .join(',')
}

/** Covers joined ranges of days. */
export function coverRanges(ranges: readonly DayRange[]): WallCover {
  const find = (wall: number): DayRange | null => {
    const day = Math.floor(wall / DAY_SECONDS)
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ranges[middle]!.last < day) low = middle + 1
      else high = middle
    }
    const range = ranges[low]
    return range !== undefined && range.first <= day ? range : null
  }
  return {
    coveredUntil(wall) {
      const range = find(wall)
      return range === null ? null : (range.last + 1) * DAY_SECONDS
    },
    coveredFrom(wall) {
      const range = find(wall)
      return range === null ? null : range.first * DAY_SECONDS
    },
  }
}

/** Canonical text of a set of weekdays. */
export function showWeekdays(weekdays: ReadonlySet<number>): string {
  return WEEKDAYS.filter((_, weekday) => weekdays.has(weekday)).join(',')
}

/** Covers days of the week (0 is Sunday). */
export function coverWeekdays(weekdays: ReadonlySet<number>): WallCover {
  return {
    coveredUntil(wall) {
      let day = Math.floor(wall / DAY_SECONDS)
      if (!weekdays.has(weekdayOfDays(day))) return null
      for (let count = 0; count < 7 && weekdays.has(weekdayOfDays(day)); count++) day++
      return day * DAY_SECONDS
    },
    coveredFrom(wall) {
      let day = Math.floor(wall / DAY_SECONDS)
      if (!weekdays.has(weekdayOfDays(day))) return null
      for (let count = 0; count < 6 && weekdays.has(weekdayOfDays(day - 1)); count++) day--
      return day * DAY_SECONDS
    },
  }
}
