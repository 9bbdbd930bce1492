import { EverybeatError } from '../errors.js'
import { askForTraceparent } from '../events/traceparent.js'
import type { Definition, Instant } from '../schedule/definition.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { parseInstant } from '../time/instant.js'
import type { ScheduleStore } from './store.js'

/** The most occurrences of one call; a longer range takes several calls. */
export const MAX_BACKFILL = 1_000
/** The most backfilled occurrences of one schedule that wait at any time. */
const MAX_WAITING = 10_000
const CODE = 'ERR_EVERYBEAT_OPTIONS'

/** The past occurrences to run, and the pace. */
export interface BackfillOptions {
  /** The first instant of the range, itself included; text without an offset is read in the schedule's zone. */
  from: Instant
  /**
   * The last instant of the range, itself included. Instants after now are not backfilled: the schedule itself runs
   * them.
   */
  to: Instant
  /** Resolves with the occurrences without running them. */
  dryRun?: boolean | undefined
  /** Most backfilled runs that start in a second, from 0.001 to 1 000; default: no limit. */
  maxPerSecond?: number | undefined
  /** Most backfilled runs at the same time, 1 to 1 000; default 1: each run starts when the previous one has ended. */
  concurrency?: number | undefined
}

/** The runs that a backfill requested, or with `dryRun` would request. */
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

/** Checks the options before any call to Redis. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` */
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
 * Runs the occurrences of a past range, in order. The schedule is not moved, and the runs start also while it is
 * paused. An occurrence that has run already runs once more, under another run id.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` when `from` is after `to`, when the range holds more than {@link
 *   MAX_BACKFILL} occurrences, or when too many backfilled runs wait already
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
