/**
 * A set of times of day: every pair of its hours, minutes and seconds. Times are seconds since midnight. Every step is
 * a look-up in a table of the field's values, without a loop.
 */
export class TimesOfDay {
  readonly #seconds: ValueTable
  readonly #minutes: ValueTable
  readonly #hours: ValueTable
  readonly first: number
  readonly last: number

  constructor(hours: ReadonlySet<number>, minutes: ReadonlySet<number>, seconds: ReadonlySet<number>) {
    this.#hours = valueTable(hours, 24)
    this.#minutes = valueTable(minutes, 60)
    this.#seconds = valueTable(seconds, 60)
    this.first = this.#hours.values[0]! * 3600 + this.#minutes.values[0]! * 60 + this.#seconds.values[0]!
    this.last = this.#hours.values.at(-1)! * 3600 + this.#minutes.values.at(-1)! * 60 + this.#seconds.values.at(-1)!
  }

  get count(): number {
    return this.#hours.values.length * this.#minutes.values.length * this.#seconds.values.length
  }

  /** The time at an index in the order of the day, from 0. */
  at(index: number): number {
    const bySecond = this.#seconds.values.length
    const byMinute = this.#minutes.values.length * bySecond
    const minute = this.#minutes.values[Math.floor((index % byMinute) / bySecond)]!
    return (
      this.#hours.values[Math.floor(index / byMinute)]! * 3600 + minute * 60 + this.#seconds.values[index % bySecond]!
    )
  }

  /** The first time at or after a time of day; -1 if no later time of the day exists. */
  next(time: number): number {
    const hour = (time / 3600) | 0
    const minute = ((time / 60) | 0) - hour * 60
    const nextHour = this.#hours.next[hour]!
    if (nextHour === NONE) return NONE
    if (nextHour > hour) return nextHour * 3600 + (this.first % 3600)
    if (this.#minutes.next[minute] === minute) {
      const second = this.#seconds.next[time - hour * 3600 - minute * 60]!
      if (second !== NONE) return hour * 3600 + minute * 60 + second
    }
    const laterMinute = this.#minutes.next[minute + 1]!
    if (laterMinute !== NONE) return hour * 3600 + laterMinute * 60 + (this.first % 60)
    const laterHour = this.#hours.next[hour + 1]!
    return laterHour === NONE ? NONE : laterHour * 3600 + (this.first % 3600)
  }

  /** The last time at or before a time of day; -1 if no earlier time of the day exists. */
  previous(time: number): number {
    const hour = (time / 3600) | 0
    const minute = ((time / 60) | 0) - hour * 60
    const previousHour = this.#hours.previous[hour + 1]!
    if (previousHour === NONE) return NONE
    if (previousHour < hour) return previousHour * 3600 + (this.last % 3600)
    if (this.#minutes.previous[minute + 1] === minute) {
      const second = this.#seconds.previous[time - hour * 3600 - minute * 60 + 1]!
      if (second !== NONE) return hour * 3600 + minute * 60 + second
    }
    const earlierMinute = this.#minutes.previous[minute]!
    if (earlierMinute !== NONE) return hour * 3600 + earlierMinute * 60 + (this.last % 60)
    const earlierHour = this.#hours.previous[hour]!
    return earlierHour === NONE ? NONE : earlierHour * 3600 + (this.last % 3600)
  }
}

const NONE = -1

interface ValueTable {
  /** In order. */
  readonly values: readonly number[]
  /** `next[v]`: the smallest value at or above v. */
  readonly next: Int8Array
  /** `previous[v + 1]`: the greatest value at or below v. */
  readonly previous: Int8Array
}

const MAX_TABLES = 1_000
const tables = new Map<string, ValueTable>()

/** Gives a cached table; most schedules share a few tables. */
function valueTable(set: ReadonlySet<number>, size: number): ValueTable {
  const values = [...set].sort((left, right) => left - right)
  const key = `${size}:${values.join(',')}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const next = new Int8Array(size + 1).fill(NONE)
  const previous = new Int8Array(size + 1).fill(NONE)
  for (let value = size - 1; value >= 0; value--) next[value] = set.has(value) ? value : next[value + 1]!
  for (let value = 0; value < size; value++) previous[value + 1] = set.has(value) ? value : previous[value]!
  const table = { values, next, previous }
  if (tables.size >= MAX_TABLES) tables.clear()
  tables.set(key, table)
  return table
}
