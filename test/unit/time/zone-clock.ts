/**
 * The wall clock of a zone, read from `Intl` field by field: nothing here is shared with `src/time`.
 * Offsets are whole seconds; instants are epoch seconds.
 */
export class ZoneClock {
  readonly zone: string
  readonly #format: Intl.DateTimeFormat
  readonly #hours = new Map<number, number>()
  readonly #minutes = new Map<number, number>()
  readonly #days = new Map<number, number | null>()

  constructor(zone: string) {
    this.zone = zone
    const numeric = 'numeric'
    this.#format = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone: zone, hourCycle: 'h23', calendar: 'gregory' },
      ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
    })
  }

  offsetAt(second: number): number {
    const hour = Math.floor(second / 3600)
    const before = this.#at(this.#hours, hour, 3600)
    if (second === hour * 3600 || before === this.#at(this.#hours, hour + 1, 3600)) return before
    return this.#at(this.#minutes, Math.floor(second / 60), 60)
  }

  /** The offset on a day whose neighbours keep it too; null where the clock changes on the day before, on it or on the next. */
  steadyOffset(second: number): number | null {
    const day = Math.floor(second / 86_400)
    let known = this.#days.get(day)
    if (known === undefined) {
      const offset = this.offsetAt((day - 1) * 86_400)
      known = offset === this.offsetAt((day + 2) * 86_400) ? offset : null
      this.#days.set(day, known)
    }
    return known
  }

  /** Instants in [from, to) at which the offset changes, to the minute. */
  changes(from: number, to: number): number[] {
    const found: number[] = []
    const step = 3 * 86_400
    for (let at = from; at < to; at += step) {
      if (this.offsetAt(at) === this.offsetAt(at + step)) continue
      let low = at / 60
      let high = (at + step) / 60
      const target = this.offsetAt(at + step)
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2)
        if (this.offsetAt(middle * 60) === target) high = middle
        else low = middle
      }
      found.push(high * 60)
    }
    return found
  }

  #at(cache: Map<number, number>, key: number, unit: number): number {
    const known = cache.get(key)
    if (known !== undefined) return known
    const [day, month, year, hour, minute, second] = this.#format
      .format(key * unit * 1000)
      .split(/\D+/)
      .map(Number)
    const offset = Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000 - key * unit
    cache.set(key, offset)
    return offset
  }
}
