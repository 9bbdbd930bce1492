import { EverybeatError, showValue } from '../errors.js'
import { DAY_SECONDS, showDate, showOffset, showWall } from './civil.js'
import { findClockChanges, type ClockChange } from './clock-changes.js'
import { compileTrigger, type CompiledTrigger } from './create-trigger.js'
import { parseInstant } from './instant.js'
import type { TriggerInput } from './trigger-input.js'
import { wallOfInstant } from './wall-clock.js'
import type { Zone } from './zone.js'

/** The start, the length and the name for a preview. */
export interface PreviewOptions {
  /** Occurrences strictly after this instant; text without an offset is read in the definition's zone. */
  readonly from: Date | number | string
  /** How many, 1 to 10 000. */
  readonly count: number
  /** Name of the schedule: it decides `H` and `spread`. Default: the `name` in the definition, or none. */
  readonly name?: string | undefined
}

/** One future occurrence. */
export interface PreviewEntry {
  /** The nominal instant. */
  readonly at: Date
  /** The wall clock of the definition's zone with its offset from UTC: `2026-03-08 03:00:00 -04:00`. */
  readonly local: string
  /** The effect of a clock change on this occurrence, or on one that it removed before this occurrence. */
  readonly note?: string
}

const MAX_COUNT = 10_000
const OPTION_NAMES = ['from', 'count', 'name']
const DAY_MS = 86_400_000

/**
 * The next occurrences of a definition, in order, each with a note if a clock change affects it. Reads no clock and
 * needs no Redis. The `name` in the definition applies if `options` has none. `limit` is counted from the first
 * occurrence shown; `jitter` moves starts, not occurrences.
 *
 * @example
 * preview({ cron: '30 2 * * *', tz: 'America/New_York' }, { from: '2026-03-08T00:00', count: 1 })
 * // [{ at: 2026-03-08T07:00:00.000Z, local: '2026-03-08 03:00:00 -04:00',
 * //    note: 'clocks go forward 02:00→03:00: 02:30 does not exist, fires at 03:00' }]
 * @throws {EverybeatError} as `createTrigger`; `ERR_EVERYBEAT_OPTIONS` for a wrong `count`, `ERR_EVERYBEAT_INSTANT` for a wrong `from`.
 */
export function preview(
  definition: TriggerInput & { readonly limit?: unknown; readonly name?: unknown },
  options: PreviewOptions,
): PreviewEntry[] {
  if (typeof options !== 'object' || options === null) {
    const message = `options: ${showValue(options)} cannot be used; allowed: { from, count }`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'options', value: options })
  }
  const unknown = Object.keys(options).find((key) => !OPTION_NAMES.includes(key))
  if (unknown !== undefined) {
    const message = `${showValue(unknown)} is not known; allowed: ${OPTION_NAMES.join(', ')}`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: unknown })
  }
  const name = options.name ?? (typeof definition.name === 'string' ? definition.name : '')
  const compiled = compileTrigger(definition, name)
  const count = readCount(options.count)
  const fromMs = parseInstant(options.from, 'from', compiled.zone.name)
  const limit = typeof definition.limit === 'number' && definition.limit >= 1 ? definition.limit : Infinity
  const instants = compiled.trigger.between(fromMs, Infinity, Math.min(count, limit))
  const notes = assignNotes(compiled, fromMs, instants)
  return instants.map((instant) => {
    const note = notes.get(instant)
    return { at: new Date(instant), local: showLocal(compiled, instant), ...(note === undefined ? {} : { note }) }
  })
}

function readCount(count: unknown): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count
  const message = `count: ${showValue(count)} cannot be used; allowed: a whole number from 1 to ${MAX_COUNT}`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'count', value: count })
}

/**
 * Assigns each note of a change to the first affected occurrence, or to the next one if the change removes an
 * occurrence.
 */
function assignNotes(
  { zone, part, trigger }: CompiledTrigger,
  fromMs: number,
  instants: readonly number[],
): Map<number, string> {
  const notes = new Map<number, string>()
  const last = instants.at(-1)
  if (last === undefined || trigger.kind === 'at' || trigger.kind === 'solar') return notes
  // An occurrence in the first pass of a repeated hour precedes the change that repeats it.
  const changes = findClockChanges(zone, part.rule ?? null, fromMs - DAY_MS, last + DAY_MS)
  for (const change of changes) {
    const instant = change.at > fromMs ? firstAt(instants, change) : undefined
    if (instant === undefined) continue
    const namesDay = change.day === null || dayOf(zone, instant) === change.day
    const text = namesDay ? change.text : `on ${showDate(change.day!)} ${change.text}`
    const known = notes.get(instant)
    notes.set(instant, known === undefined ? text : `${known}; ${text}`)
  }
  return notes
}

function dayOf(zone: Zone, instant: number): number {
  return Math.floor(wallOfInstant(zone, Math.floor(instant / 1000)) / DAY_SECONDS)
}

function firstAt(instants: readonly number[], change: ClockChange): number | undefined {
  return instants.find((instant) => instant >= change.at)
}

function showLocal({ zone }: CompiledTrigger, instant: number): string {
  const second = Math.floor(instant / 1000)
  const { offset } = zone.segmentAt(second)
  const milliseconds = instant - second * 1000
  const fraction = milliseconds === 0 ? '' : `.${String(milliseconds).padStart(3, '0')}`
  return `${showWall(second + offset)}${fraction} ${showOffset(offset)}`
}
