import { createRequire } from 'node:module'
import { EverybeatError, showValue } from '../errors.js'
import { parseDuration } from './duration.js'
import type { OccurrenceSource } from './occurrence-source.js'
import type { TriggerInput } from './trigger-input.js'

/** The events, with their names in the library. Dawn and dusk are civil: the sun is 6° below the horizon. */
const EVENTS = { sunrise: 'sunrise', sunset: 'sunset', dawn: 'dawn', dusk: 'dusk', noon: 'solarNoon' } as const
type Event = keyof typeof EVENTS

const DAY_MS = 86_400_000
/** Days of a search: longer than any polar night or day, so that an event without a result never happens. */
const SEARCH_DAYS = 750
const ALLOWED = 'sunrise, sunset, dawn, dusk or noon, with an offset of less than a day if wanted, such as "sunset-30m"'

/**
 * Creates the occurrences of `solar` at `lat`, `lon`: at most one in each solar day, rounded to the second. A day
 * without the event, in a polar summer or winter, has none.
 * @throws {EverybeatError} `ERR_EVERYBEAT_TRIGGER` for a wrong event, place or offset, and for an event that never
 * happens there; `ERR_EVERYBEAT_DEPENDENCY` when the optional package `suncalc` is not installed.
 */
export function createSolar(input: TriggerInput): { readonly text: string; readonly source: OccurrenceSource } {
  const { event, offsetMs } = readEvent(input.solar)
  const lat = readDegrees(input, 'lat', 90)
  const lon = readDegrees(input, 'lon', 180)
  const getTimes = loadLibrary()
  const eventOf = (day: number): number | null => {
    // The mean noon of the place lies well inside the wanted solar day.
    const noonMs = day * DAY_MS + DAY_MS / 2 - lon * (DAY_MS / 360)
    const atMs = getTimes(new Date(noonMs), lat, lon)[EVENTS[event]]?.getTime() ?? Number.NaN
    // Near a pole, on the last days before the sun stays up or down, the library gives an event of another day, which
    // is no event of this day.
    if (!(Math.abs(atMs - noonMs) <= DAY_MS * 0.52)) return null
    return Math.round(atMs / 1000) * 1000 + offsetMs
  }
  const dayOf = (atMs: number): number => Math.floor((atMs - offsetMs + lon * (DAY_MS / 360)) / DAY_MS)
  const search = (from: number, direction: 1 | -1, fits: (at: number) => boolean): number | null => {
    for (let count = 0, day = from; count < SEARCH_DAYS; count++, day += direction) {
      const at = eventOf(day)
      if (at !== null && fits(at)) return Math.abs(at) <= 8.64e15 ? at : null
    }
    return null
  }
  const source: OccurrenceSource = {
    next: (afterMs) => search(dayOf(afterMs) - 2, 1, (at) => at > afterMs),
    previous: (beforeMs) => search(dayOf(beforeMs) + 2, -1, (at) => at < beforeMs),
  }
  if (source.next(0) === null)
    refuseSolar('solar', input.solar, `it never comes at lat ${lat}, lon ${lon}; allowed: events that come`)
  return { text: `solar ${event} ${offsetMs} ms; lat ${lat}; lon ${lon}`, source }
}

type GetTimes = (date: Date, lat: number, lon: number) => Record<(typeof EVENTS)[Event], Date | null>

let library: GetTimes | null = null

/** Loads the library on the first solar trigger, synchronously, because triggers are created synchronously. */
function loadLibrary(): GetTimes {
  if (library !== null) return library
  try {
    library = (createRequire(import.meta.url)('suncalc') as { getTimes: GetTimes }).getTimes
  } catch (cause) {
    const message = 'solar needs the optional package suncalc (version 2), which is not installed: npm install suncalc'
    throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { field: 'solar', cause })
  }
  return library
}

function readEvent(value: unknown): { readonly event: Event; readonly offsetMs: number } {
  const parts = typeof value === 'string' ? /^([a-z]+)(?:([+-])([^+-].*))?$/i.exec(value.trim()) : null
  const event = parts?.[1]?.toLowerCase() ?? ''
  if (!Object.hasOwn(EVENTS, event)) refuseSolar('solar', value, `allowed: ${ALLOWED}`)
  const [sign, size] = [parts?.[2], parts?.[3]]
  const offsetMs = size === undefined ? 0 : parseDuration(size.trim(), 'solar')
  if (offsetMs >= DAY_MS) refuseSolar('solar', value, `allowed: ${ALLOWED}`)
  return { event: event as Event, offsetMs: sign === '-' ? -offsetMs : offsetMs }
}

function readDegrees(input: TriggerInput, field: 'lat' | 'lon', limit: number): number {
  const value = input[field]
  if (typeof value === 'number' && Math.abs(value) <= limit) return value
  return refuseSolar(field, value, `allowed: degrees from -${limit} to ${limit}; solar needs them`)
}

function refuseSolar(field: string, value: unknown, reason: string): never {
  throw new EverybeatError('ERR_EVERYBEAT_TRIGGER', `${field}: ${showValue(value)} cannot be used; ${reason}`, {
    field,
    value,
  })
}
