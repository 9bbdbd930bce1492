import { DAY_SECONDS } from './civil.js'
import type { Cron } from './cron.js'
import { coverOfWall, type Cover, type Exclusion } from './exclusion.js'
import type { Segment, Zone } from './zone.js'

/**
 * A cron as an exclusion: every instant whose wall-clock time it names, a whole minute where it is written without
 * seconds, in both passes of a repeated hour; and the instant to which it moves a time that a gap swallows.
 */
export function createCronCover(cron: Cron, zone: Zone, trigger: Cron | null): Exclusion {
  const seconds = cron.hasSeconds ? cron.fields.seconds : ALL_SECONDS
  const exact = new WallCover(cron, seconds, cron.fields.minutes, cron.fields.hours)
  // A value that the trigger never uses makes no difference, and adding it joins stretches that are stepped over at once.
  const widened =
    trigger === null
      ? exact
      : new WallCover(
          cron,
          widen(seconds, trigger.fields.seconds, 60),
          widen(cron.fields.minutes, trigger.fields.minutes, 60),
          widen(cron.fields.hours, trigger.fields.hours, 24),
        )
  return {
    text: `cron ${cron.hasSeconds ? '' : '(whole minutes) '}${cron.normalized}`,
    coverAt(atMs) {
      const second = Math.floor(atMs / 1000)
      const segment = zone.segmentAt(second)
      const wall = second + segment.offset
      if (exact.covers(wall)) {
        // Times that a gap moves need not be times that the trigger names.
        const cover = isMovedTime(segment, second) ? exact : widened
        return coverOfWall(zone, atMs, cover.startOf(wall), cover.endOf(wall))
      }
      return isMovedTime(segment, second) ? coverOfMoved(cron, second) : null
    },
  }
}

const ALL_SECONDS: ReadonlySet<number> = new Set(Array.from({ length: 60 }, (_, second) => second))

function widen(excluded: ReadonlySet<number>, used: ReadonlySet<number>, size: number): ReadonlySet<number> {
  return new Set(
    Array.from({ length: size }, (_, value) => value).filter((value) => excluded.has(value) || !used.has(value)),
  )
}

function isMovedTime({ start, offset, offsetBefore }: Segment, second: number): boolean {
  return second - start < offset - offsetBefore + 60
}

function coverOfMoved(cron: Cron, second: number): Cover | null {
  const length = cron.hasSeconds ? 1 : 60
  const from = Math.floor(second / length) * length * 1000
  return cron.next(from - 1) === from ? { from, until: from + length * 1000 } : null
}

/** Runs of named times: the widest of seconds in a minute, minutes in an hour, hours in a day, and days. */
class WallCover {
  readonly #cron: Cron
  readonly #seconds: ReadonlySet<number>
  readonly #minutes: ReadonlySet<number>
  readonly #hours: ReadonlySet<number>

  constructor(cron: Cron, seconds: ReadonlySet<number>, minutes: ReadonlySet<number>, hours: ReadonlySet<number>) {
    this.#cron = cron
    this.#seconds = seconds
    this.#minutes = minutes
    this.#hours = hours
  }

  covers(wall: number): boolean {
    const time = wall - Math.floor(wall / DAY_SECONDS) * DAY_SECONDS
    return (
      this.#seconds.has(time % 60) &&
      this.#minutes.has(Math.floor(time / 60) % 60) &&
      this.#hours.has(Math.floor(time / 3600)) &&
      this.#cron.namesDay(Math.floor(wall / DAY_SECONDS))
    )
  }

  /** First time of the run that holds a covered time. */
  startOf(wall: number): number {
    if (this.#seconds.size < 60) return runStart(wall, 1, 60, this.#seconds)
    if (this.#minutes.size < 60) return runStart(wall, 60, 60, this.#minutes)
    if (this.#hours.size < 24) return runStart(wall, 3600, 24, this.#hours)
    let day = Math.floor(wall / DAY_SECONDS)
    for (let count = 0; count < 366 && this.#cron.namesDay(day - 1); count++) day--
    return day * DAY_SECONDS
  }

  /** First time after the run that holds a covered time. */
  endOf(wall: number): number {
    if (this.#seconds.size < 60) return runEnd(wall, 1, 60, this.#seconds)
    if (this.#minutes.size < 60) return runEnd(wall, 60, 60, this.#minutes)
    if (this.#hours.size < 24) return runEnd(wall, 3600, 24, this.#hours)
    let day = Math.floor(wall / DAY_SECONDS)
    for (let count = 0; count < 366 && this.#cron.namesDay(day + 1); count++) day++
    return (day + 1) * DAY_SECONDS
  }
}

function runStart(wall: number, unit: number, size: number, values: ReadonlySet<number>): number {
  const base = Math.floor(wall / (unit * size)) * unit * size
  let value = Math.floor((wall - base) / unit)
  while (value > 0 && values.has(value - 1)) value--
  return base + value * unit
}

function runEnd(wall: number, unit: number, size: number, values: ReadonlySet<number>): number {
  const base = Math.floor(wall / (unit * size)) * unit * size
  let value = Math.floor((wall - base) / unit)
  while (value < size - 1 && values.has(value + 1)) value++
  return base + (value + 1) * unit
}
