import { EverybeatError, showValue } from '../errors.js'
import { isForeignZone, suggestZone } from './zone-names.js'
import { DAY_SECONDS, dateOfDays, daysInMonth, daysToMonth, weekdayOfDays, yearOf } from './civil.js'

/** A stretch of time in which a zone keeps one offset. All instants and offsets are whole seconds. */
export interface Segment {
  /** First instant of the stretch. */
  readonly start: number
  /** First instant after the stretch. */
  readonly end: number
  /** Wall clock minus UTC. */
  readonly offset: number
  /** Offset just before `start`; equal to `offset` if only the end of a year separates the stretches. */
  readonly offsetBefore: number
  /** Offset at `end`. */
  readonly offsetAfter: number
}

/** A time zone as stretches of constant offset. */
export interface Zone {
  readonly name: string
  /** The stretch that holds an instant (epoch seconds), the same for all callers. */
  segmentAt(second: number): Segment
}

/** The farthest instant, in seconds, that a JavaScript date can hold. */
export const LAST_SECOND = 8_640_000_000_000

const QUARTER = 900
/**
 * Last year with its own data; later years with the same calendar have the same changes, because every zone follows
 * rules there.
 */
const LAST_OWN_YEAR = 2199

/**
 * Distance of the samples of a year, seconds. Two changes between neighbouring samples would be missed, so this is well
 * below the shortest stretch in the zone database: 4.0 days in 1939, 7 days around Ramadan in Gaza. It is the same for
 * all years, because a later edition of the database may have shorter stretches in any year.
 */
const SAMPLE_SECONDS = 3 * DAY_SECONDS

const ZONE_CACHE_SIZE = 1_000
const YEAR_CACHE_SIZE = 256

const zones = new Map<string, Zone>()

/**
 * Finds a zone by its IANA name. Zones are kept, so that all schedules of one zone share their stretches.
 * @throws {EverybeatError} `ERR_EVERYBEAT_ZONE` when the name is not an IANA name that this runtime knows.
 */
export function findZone(name: unknown, field = 'tz'): Zone {
  const known = typeof name === 'string' ? zones.get(name) : undefined
  if (known !== undefined) return known
  const zone = createZone(name, field)
  if (zones.size >= ZONE_CACHE_SIZE) zones.clear()
  zones.set(zone.name, zone)
  return zone
}

function createZone(name: unknown, field: string): Zone {
  // Newer runtimes also accept bare offsets such as `+05:30`, which are no IANA names and have no daylight saving.
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) throw zoneError(name, field)
  if (isForeignZone(name)) throw zoneError(name, field)
  // A process that needs no other zone avoids the start of `Intl`, about 20 ms.
  if (name === 'UTC') return new FixedZone(name)
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (cause) {
    throw zoneError(name, field, cause)
  }
  if (format.resolvedOptions().timeZone === 'UTC') return new FixedZone(name)
  return new YearlyZone(name, format)
}

function zoneError(name: unknown, field: string, cause?: unknown): EverybeatError {
  const meant = typeof name === 'string' && name.length <= 64 ? suggestZone(name) : null
  const hint = meant === null ? 'such as "Europe/Berlin" or "UTC"' : `did you mean ${showValue(meant)}?`
  const message = `${field}: ${showValue(name)} cannot be used; allowed: IANA zone names that this runtime knows${meant === null ? ', ' : '; '}${hint}`
  return new EverybeatError('ERR_EVERYBEAT_ZONE', message, { field, value: name, ...(cause ? { cause } : {}) })
}

class FixedZone implements Zone {
  readonly name: string
  readonly #segment: Segment = { start: -Infinity, end: Infinity, offset: 0, offsetBefore: 0, offsetAfter: 0 }

  constructor(name: string) {
    this.name = name
  }

  segmentAt(): Segment {
    return this.#segment
  }
}

class YearlyZone implements Zone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  readonly #years = new Map<number, readonly Segment[]>()
  /** Cache of the last requested stretch; it changes no answer. */
  #last: Segment = { start: 0, end: 0, offset: 0, offsetBefore: 0, offsetAfter: 0 }

  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name
    this.#format = format
  }

  segmentAt(second: number): Segment {
    const last = this.#last
    if (second >= last.start && second < last.end) return last
    return (this.#last = this.#find(second))
  }

  #find(second: number): Segment {
    const year = yearOf(dateOfDays(Math.floor(second / DAY_SECONDS)))
    if (year > LAST_OWN_YEAR) {
      const model = modelYear(year)
      const shift = (daysToMonth(year, 1) - daysToMonth(model, 1)) * DAY_SECONDS
      return shiftSegment(pickSegment(this.#yearOf(model), second - shift), shift)
    }
    return pickSegment(this.#yearOf(year), second)
  }

  #yearOf(year: number): readonly Segment[] {
    const known = this.#years.get(year)
    if (known !== undefined) return known
    const segments = this.#split(year)
    if (this.#years.size >= YEAR_CACHE_SIZE) this.#years.delete(this.#years.keys().next().value!)
    this.#years.set(year, segments)
    return segments
  }

  /** Samples the year, and halves every step whose ends differ down to the second at which the offset changes. */
  #split(year: number): Segment[] {
    const from = daysToMonth(year, 1) * DAY_SECONDS
    const to = daysToMonth(year + 1, 1) * DAY_SECONDS
    const changes: { at: number; offset: number }[] = []
    const offsetBefore = this.#offsetAt(from - 1)
    let offset = offsetBefore
    let at = from - 1
    while (at < to) {
      const sample = Math.min(at + SAMPLE_SECONDS, to)
      const sampled = this.#offsetAt(sample)
      if (sampled !== offset) {
        changes.push({ at: this.#changeIn(at, sample, sampled), offset: sampled })
        offset = sampled
      }
      at = sample
    }
    return joinSegments(from, to, offsetBefore, changes)
  }

  /** First second in (low, high] with the offset of `high`. */
  #changeIn(low: number, high: number, offset: number): number {
    while (high - low > 2 * QUARTER) {
      const middle = Math.round((low + high) / (2 * QUARTER)) * QUARTER
      if (this.#offsetAt(middle) === offset) high = middle
      else low = middle
    }
    // Nearly every change since 1970 falls on a quarter of an hour.
    if (this.#offsetAt(high - 1) !== offset) return high
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2)
      if (this.#offsetAt(middle) === offset) high = middle
      else low = middle
    }
    return high
  }

  #offsetAt(second: number): number {
    const text = this.#format.format(Math.max(-LAST_SECOND, Math.min(LAST_SECOND, second)) * 1000)
    // Ends in `GMT-05:00`, `GMT-04:56:02` for local mean time, or a bare `GMT`.
    const sign = Math.max(text.lastIndexOf('+'), text.lastIndexOf('-'))
    if (sign < text.lastIndexOf('T')) return 0
    const size = Number(text.slice(sign + 1, sign + 3)) * 3600 + Number(text.slice(sign + 4, sign + 6)) * 60
    const seconds = text.length > sign + 6 ? Number(text.slice(sign + 7, sign + 9)) : 0
    return text.charCodeAt(sign) === 45 ? -size - seconds : size + seconds
  }
}

function pickSegment(segments: readonly Segment[], second: number): Segment {
  for (let index = segments.length - 1; index > 0; index--) {
    const segment = segments[index]!
    if (second >= segment.start) return segment
  }
  return segments[0]!
}

/** A year from 2101 to 2199 with the same calendar. */
function modelYear(year: number): number {
  const shape = shapeOf(year)
  let model = 2101
  while (shapeOf(model) !== shape) model++
  return model
}

function shapeOf(year: number): number {
  return weekdayOfDays(daysToMonth(year, 1)) * 2 + (daysInMonth(year, 2) - 28)
}

function shiftSegment({ start, end, offset, offsetBefore, offsetAfter }: Segment, shift: number): Segment {
  return { start: start + shift, end: end + shift, offset, offsetBefore, offsetAfter }
}

function joinSegments(
  from: number,
  to: number,
  offsetBefore: number,
  changes: readonly { at: number; offset: number }[],
): Segment[] {
  const segments: Segment[] = []
  let start = from
  let before = offsetBefore
  let offset = offsetBefore
  for (const change of changes) {
    if (change.at > start) {
      segments.push({ start, end: change.at, offset, offsetBefore: before, offsetAfter: change.offset })
      start = change.at
      before = offset
    }
    offset = change.offset
  }
  if (start < to) segments.push({ start, end: to, offset, offsetBefore: before, offsetAfter: offset })
  return segments
}
