import { DAY_SECONDS } from './civil.js'
import type { RruleDays } from './rrule-days.js'
import type { RruleRule } from './rrule-rule.js'
import type { TimesOfDay } from './times-of-day.js'
import type { WallTimes } from './wall-occurrences.js'

/** A rule whose days all have the same times. */
export class DailyTimes implements WallTimes {
  readonly #days: RruleDays
  readonly #times: TimesOfDay

  constructor(days: RruleDays, times: TimesOfDay) {
    this.#days = days
    this.#times = times
  }

  next(wall: number, limit: number): number {
    let day = Math.floor(wall / DAY_SECONDS)
    let from = wall - day * DAY_SECONDS
    for (; day * DAY_SECONDS <= limit; day = this.#days.after(day), from = 0) {
      const time = this.#days.has(day) ? this.#times.next(from) : -1
      if (time >= 0) return day * DAY_SECONDS + time
    }
    return Infinity
  }

  previous(wall: number, limit: number): number {
    let day = Math.floor(wall / DAY_SECONDS)
    let from = wall - day * DAY_SECONDS
    for (; (day + 1) * DAY_SECONDS > limit; day = this.#days.before(day), from = DAY_SECONDS - 1) {
      const time = this.#days.has(day) ? this.#times.previous(from) : -1
      if (time >= 0) return day * DAY_SECONDS + time
    }
    return -Infinity
  }
}

/** A rule that picks places (BYSETPOS) among the times of each of its periods. */
export class PlacedTimes implements WallTimes {
  readonly #days: RruleDays
  readonly #times: TimesOfDay
  readonly #positions: readonly number[]

  constructor(days: RruleDays, times: TimesOfDay, positions: readonly number[]) {
    this.#days = days
    this.#times = times
    this.#positions = positions
  }

  next(wall: number, limit: number): number {
    let period = this.#days.periodOf(Math.floor(wall / DAY_SECONDS))
    while (period.first * DAY_SECONDS <= limit) {
      const found = this.#timesOf(period).find((time) => time >= wall)
      if (found !== undefined) return found
      period = this.#days.periodOf(this.#days.after(period.last))
    }
    return Infinity
  }

  previous(wall: number, limit: number): number {
    let period = this.#days.periodOf(Math.floor(wall / DAY_SECONDS))
    while ((period.last + 1) * DAY_SECONDS > limit) {
      const found = this.#timesOf(period).findLast((time) => time <= wall)
      if (found !== undefined) return found
      period = this.#days.periodOf(this.#days.before(period.first))
    }
    return -Infinity
  }

  #timesOf({ first, last }: { readonly first: number; readonly last: number }): number[] {
    const days: number[] = []
    for (let day = first; day <= last; day++) if (this.#days.has(day)) days.push(day)
    const perDay = this.#times.count
    const places = this.#positions.map((position) => (position > 0 ? position - 1 : days.length * perDay + position))
    const inside = [...new Set(places)].filter((place) => place >= 0 && place < days.length * perDay)
    return inside
      .sort((left, right) => left - right)
      .map((place) => days[Math.floor(place / perDay)]! * DAY_SECONDS + this.#times.at(place % perDay))
  }
}

/** Most times that a search of a rule within a day looks at before it ends without a result. */
const MAX_LOOKS = 100_000

/** A rule that counts hours, minutes or seconds from its start. */
export class SpacedTimes implements WallTimes {
  readonly #rule: RruleRule
  readonly #days: RruleDays
  readonly #times: TimesOfDay
  readonly #unit: number
  readonly #start: number

  constructor(rule: RruleRule, days: RruleDays, times: TimesOfDay, startWall: number) {
    this.#rule = rule
    this.#days = days
    this.#times = times
    this.#unit = rule.frequency === 'HOURLY' ? 3600 : rule.frequency === 'MINUTELY' ? 60 : 1
    this.#start = Math.floor(startWall / this.#unit)
  }

  next(wall: number, limit: number): number {
    let at = wall
    for (let looks = 0; looks < MAX_LOOKS && at <= limit; looks++) {
      const day = Math.floor(at / DAY_SECONDS)
      const time = this.#days.has(day) ? this.#times.next(at - day * DAY_SECONDS) : -1
      if (time < 0) {
        at = this.#days.after(day) * DAY_SECONDS
        continue
      }
      at = day * DAY_SECONDS + time
      const rest = this.#rest(at)
      if (rest === 0) return at
      at = (Math.floor(at / this.#unit) + this.#rule.interval - rest) * this.#unit
    }
    return Infinity
  }

  previous(wall: number, limit: number): number {
    let at = wall
    for (let looks = 0; looks < MAX_LOOKS && at >= limit; looks++) {
      const day = Math.floor(at / DAY_SECONDS)
      const time = this.#days.has(day) ? this.#times.previous(at - day * DAY_SECONDS) : -1
      if (time < 0) {
        at = (this.#days.before(day) + 1) * DAY_SECONDS - 1
        continue
      }
      at = day * DAY_SECONDS + time
      const rest = this.#rest(at)
      if (rest === 0) return at
      at = (Math.floor(at / this.#unit) - rest + 1) * this.#unit - 1
    }
    return -Infinity
  }

  /** Whether the interval never meets a time of day of the rule. */
  get isEmpty(): boolean {
    const cycle = greatestDivisor(this.#rule.interval * this.#unit, DAY_SECONDS)
    const target = (this.#start * this.#unit) % cycle
    for (let time = this.#times.next(0); time >= 0 && time < DAY_SECONDS;) {
      if ((Math.floor(time / this.#unit) * this.#unit - target) % cycle === 0) return false
      time = time + 1 === DAY_SECONDS ? -1 : this.#times.next(time + 1)
    }
    return true
  }

  #rest(wall: number): number {
    const rest = (Math.floor(wall / this.#unit) - this.#start) % this.#rule.interval
    return rest < 0 ? rest + this.#rule.interval : rest
  }
}

function greatestDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestDivisor(right, left % right)
}
