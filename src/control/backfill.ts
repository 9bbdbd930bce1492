import { EverybeatError } from '../errors.js'
import { askForTraceparent } from '../events/traceparent.js'
import type { Definition, Instant } from '../schedule/definition.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { parseInstant } from '../time/instant.js'
import type { ScheduleStore } from './store.js'

/** The most occurrences that one call makes up for; a longer range takes several calls. */
export const MAX_BACKFILL = 1_000
/** The most backfilled occurrences of one schedule that wait at any time. */
const MAX_WAITING = 10_000
const CODE = 'ERR_EVERYBEAT_OPTIONS'

/** Which occurrences of the past to run, and how fast. */
export interface BackfillOptions {
  /** The first instant of the range, itself included; text without an offset is read in the schedule's zone. */
  from: Instant
  /** The last instant of the range, itself included; what lies ahead of now is left to the schedule. */
  to: Instant
  /** Only says what would run. */
  dryRun?: boolean | undefined
  /** Most of them that start in a second, from 0.001 to 1 000; default: as fast as they end. */
  maxPerSecond?: number | undefined
  /** Most of them that go at once, 1 to 1 000; default 1, so that each starts when the one before it has ended. */
  concurrency?: number | undefined
}

/** What a backfill asked for, or with `dryRun` would ask for. */
export interface BackfillResult {
  /** `planned`: with `dryRun`. `missing`: no schedule has this name. */
  outcome: 'enqueued' | 'planned' | 'missing'
  /** How many occurrences lie in the range. */
  count: number
  /** The occurrences, oldest first, at most 1 000. */
  instants: Date[]
  /** Their run ids, in the same order; empty with `dryRun`. */
  runIds: string[]
}

/** Checks what was asked for before Redis is. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` */
export function checkBackfill(options: BackfillOptions): { atOnce: number; gapMs: number } {
  if (!isPlainObject(options)) throw wrongValue('options', options, '{ from, to, … }', CODE)
  checkKeys(options, ['from', 'to', 'dryRun', 'maxPerSecond', 'concurrency'], null, CODE)
  const { maxPerSecond, concurrency = 1 } = options as BackfillOptions
  const isRate = typeof maxPerSecond === 'number' && maxPerSecond >= 0.001 && maxPerSecond <= 1_000
  if (maxPerSecond !== undefined && !isRate) {
    throw wrongValue('maxPerSecond', maxPerSecond, 'a number from 0.001 to 1000', CODE)
  }
  return {
    atOnce: checkInteger(concurrency, 'concurrency', [1, 1_000], CODE),
    gapMs: maxPerSecond === undefined ? 0 : Math.ceil(1_000 / maxPerSecond),
  }
}

/**
 * Runs occurrences of the past again or for the first time, in order, beside the schedule: it is not moved, and paused or
 * not they run. What has run already in the range runs once more, under a run id of its own.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` when the range is empty the wrong way round, or holds more occurrences
 *   than {@link MAX_BACKFILL}, or too many wait already
 */
export async function backfillSchedule(
  store: ScheduleStore,
  definition: Definition,
  nowMs: number,
  options: BackfillOptions,
): Promise<BackfillResult> {
  const { atOnce, gapMs } = checkBackfill(options)
  const zone = definition.given.tz ?? 'UTC'
  const fromMs = parseInstant(options.from, 'from', zone)
  const toMs = parseInstant(options.to, 'to', zone)
  if (fromMs > toMs) {
    const message = `from: ${new Date(fromMs).toISOString()} is after to, ${new Date(toMs).toISOString()}; give the earlier instant first`
    throw new EverybeatError(CODE, message, { field: 'from', value: options.from })
  }
  const nominals = definition.trigger.between(fromMs - 1, Math.min(toMs, nowMs), MAX_BACKFILL + 1)
  if (nominals.length > MAX_BACKFILL) {
    const upTo = new Date(nominals[MAX_BACKFILL - 1]!).toISOString()
    const message = `to: the range holds more than ${MAX_BACKFILL} occurrences of ${JSON.stringify(definition.name)}; use a smaller one, for example up to ${upTo}`
    throw new EverybeatError(CODE, message, { field: 'to', value: options.to })
  }
  const planned = { count: nominals.length, instants: nominals.map((atMs) => new Date(atMs)), runIds: [] }
  if (options.dryRun || nominals.length === 0) return { outcome: options.dryRun ? 'planned' : 'enqueued', ...planned }
  const traceparent = askForTraceparent(definition.name)
  const reply = await store.backfill(definition.name, nominals, { atOnce, gapMs, most: MAX_WAITING }, traceparent)
  if (reply.kind === 'missing') return { outcome: 'missing', count: 0, instants: [], runIds: [] }
  if (reply.kind === 'full') {
    const message = `${reply.waiting} backfilled occurrences of ${JSON.stringify(definition.name)} wait already, at most ${MAX_WAITING} may; wait until some have run`
    throw new EverybeatError(CODE, message, { field: 'name', value: definition.name })
  }
  return { outcome: 'enqueued', ...planned, runIds: reply.runIds }
}
