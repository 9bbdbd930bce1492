/** Seconds of a day. */
export const DAY_SECONDS = 86_400

/** Days from 1970-01-01 to the first of a month of the proleptic Gregorian calendar; months count from 1. */
export function daysToMonth(year: number, month: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = ((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0
  return era * 146_097 + yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear - 719_468
}

/** Days from 1970-01-01 to a date; a day beyond the end of its month continues in the next one. */
export function daysToDate(year: number, month: number, day: number): number {
  return daysToMonth(year, month) + day - 1
}

/**
 * The date of a day number, packed into one integer so that the hot path allocates nothing:
 * `year << 9 | month << 5 | day`. Read it with {@link yearOf}, {@link monthOf}, {@link dayOf}.
 * The algorithm is Howard Hinnant's `civil_from_days`.
 */
export function dateOfDays(days: number): number {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra =
    ((dayOfEra - ((dayOfEra / 1460) | 0) + ((dayOfEra / 36_524) | 0) - ((dayOfEra / 146_096) | 0)) / 365) | 0
  const dayOfYear = dayOfEra - (365 * yearOfEra + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0))
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0
  const day = dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return (year << 9) | (month << 5) | day
}

/** The year of a packed date. */
export function yearOf(date: number): number {
  return date >> 9
}

/** The month of a packed date, 1 to 12. */
export function monthOf(date: number): number {
  return (date >> 5) & 15
}

/** The day of the month of a packed date, 1 to 31. */
export function dayOf(date: number): number {
  return date & 31
}

/** Day of the week of a day number: 0 is Sunday. */
export function weekdayOfDays(days: number): number {
  const weekday = (days + 4) % 7
  return weekday < 0 ? weekday + 7 : weekday
}

/** Number of days of a month. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Shows wall-clock seconds (seconds since 1970 on a clock without zone) as `2026-03-08 02:30:00`. */
export function showWall(wallSeconds: number): string {
  return `${showDate(Math.floor(wallSeconds / DAY_SECONDS))} ${showTime(wallSeconds)}`
}

/** Shows a day number as `2026-03-08`. */
export function showDate(days: number): string {
  const date = dateOfDays(days)
  const year = yearOf(date)
  const shownYear = year >= 0 ? String(year).padStart(4, '0') : `-${String(-year).padStart(4, '0')}`
  return `${shownYear}-${two(monthOf(date))}-${two(dayOf(date))}`
}

/** Shows the time of day of wall-clock seconds as `02:30:00`. */
export function showTime(wallSeconds: number): string {
  const second = wallSeconds - Math.floor(wallSeconds / DAY_SECONDS) * DAY_SECONDS
  return `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
}

/** Shows an offset in seconds as `+05:30`; old local mean times show seconds too. */
export function showOffset(offsetSeconds: number): string {
  const size = Math.abs(offsetSeconds)
  const seconds = size % 60 === 0 ? '' : `:${two(size % 60)}`
  return `${offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${seconds}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
