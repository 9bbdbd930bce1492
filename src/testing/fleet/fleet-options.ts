import { EverybeatError, showValue } from '../../errors.js'
import type { EverybeatOptions, Instant } from '../../index.js'

/** Options of {@link createTestFleet}; all are optional. */
export interface TestFleetOptions {
  /** The instant at which the fleet begins; default: the beginning of 2026 in UTC. */
  now?: Instant | undefined
  /** The same seed gives the same history; default 1. */
  seed?: number | undefined
  /** Options of every worker, such as `leaseMs` or `defaults`; default none. */
  everybeat?: Omit<EverybeatOptions, 'redis'> | undefined
  /** Delay of each message between a worker and the store, virtual ms; default 0. */
  latencyMs?: number | undefined
}

/** Checked {@link TestFleetOptions}. */
export interface ResolvedFleetOptions {
  readonly startMs: number
  readonly seed: number
  readonly everybeat: Omit<EverybeatOptions, 'redis'>
  readonly latencyMs: number
}

const NAMES = ['now', 'seed', 'everybeat', 'latencyMs']

/** Checks the options of a fleet. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` or `ERR_EVERYBEAT_INSTANT` */
export function resolveFleetOptions(options: TestFleetOptions): ResolvedFleetOptions {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw refuse(unknown, undefined, `one of ${NAMES.join(', ')}`)
  const { seed = 1, latencyMs = 0, everybeat = {}, now = '2026-01-01T00:00:00Z' } = options
  if (!Number.isSafeInteger(seed)) throw refuse('seed', seed, 'a whole number')
  if (!(latencyMs >= 0 && latencyMs <= 60_000)) throw refuse('latencyMs', latencyMs, 'from 0 to 60000')
  if ('redis' in everybeat)
    throw refuse('everybeat.redis', everybeat.redis, 'left out: the fleet has a store of its own')
  return { startMs: readInstant(now, 'now'), seed, everybeat, latencyMs }
}

/** Reads an instant. @throws EverybeatError `ERR_EVERYBEAT_INSTANT`, also for text that names no offset from UTC */
export function readInstant(value: Instant, field: string): number {
  const isLocal = typeof value === 'string' && !/(Z|[+-]\d\d(:?\d\d)?)$/i.test(value.trim())
  const atMs = isLocal ? Number.NaN : new Date(value as string).getTime()
  if (!Number.isNaN(atMs)) return atMs
  const message = `${field}: ${showValue(value)} is not an instant: a Date, epoch ms, or ISO 8601 text with Z or an offset`
  throw new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: ${showValue(value)} is not ${allowed}`, {
    field,
    value,
  })
}
