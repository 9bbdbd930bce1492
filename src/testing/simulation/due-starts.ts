import { EverybeatError } from '../../errors.js'
import type { Definition } from '../../schedule/definition.js'
import { delayOf } from '../../schedule/plan-text.js'
import type { Simulation } from './simulate-options.js'

/** Most starts of one simulation. */
const MOST_STARTS = 10_000_000

/** Every due start in order: its time and its schedule. */
export interface DueStarts {
  readonly count: number
  at(index: number): number
  schedule(index: number): number
}

/**
 * Computes the starts of all schedules. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for more than {@link
 * MOST_STARTS}
 */
export function findDueStarts({ definitions, fromMs, toMs }: Simulation): DueStarts {
  // One number holds the time since the begin, and in its low part the schedule.
  const factor = 2 ** Math.ceil(Math.log2(Math.max(2, definitions.length)))
  const keys: Float64Array[] = []
  let total = 0
  for (const [index, definition] of definitions.entries()) {
    const starts = startsOf(definition, fromMs, toMs, MOST_STARTS - total + 1)
    total += starts.length
    if (total > MOST_STARTS) throw tooMany()
    keys.push(Float64Array.from(starts, (at) => (at - fromMs) * factor + index))
  }
  const order = new Float64Array(total)
  let offset = 0
  for (const part of keys) {
    order.set(part, offset)
    offset += part.length
  }
  order.sort()
  return {
    count: total,
    at: (index) => Math.floor(order[index]! / factor) + fromMs,
    schedule: (index) => order[index]! % factor,
  }
}

function startsOf(definition: Definition, fromMs: number, toMs: number, most: number): number[] {
  if (!definition.enabled) return []
  const nominals = definition.trigger.between(fromMs - 1, toMs - 1, Math.min(most, definition.limit ?? most))
  if (definition.jitterMs === 0) return nominals
  return nominals.map((nominalMs) => nominalMs + delayOf(definition, nominalMs))
}

function tooMany(): EverybeatError {
  const message = `definitions: more than ${MOST_STARTS} starts are due between from and to; simulate a shorter time`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'definitions' })
}
