import { EverybeatError, showValue } from '../errors.js'
import type { CronContext } from './cron.js'
import { parseInstant, parseLastInstant } from './instant.js'
import { limitOccurrences, type Limits } from './limits.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { parseExclusions } from './parse-exclusions.js'
import { readRruleText, refuseRrule, type RruleText } from './rrule-text.js'
import { readChoices, readKind, type TriggerInput } from './trigger-input.js'
import { createPart, type TriggerPart } from './trigger-parts.js'
import type { Trigger } from './trigger.js'
import { findZone, LAST_SECOND, type Zone } from './zone.js'

/**
 * Creates the trigger of a definition: exactly one of `cron`, `every`, `at`, `rrule`, `solar`, and its limits. `name`
 * is the schedule's name, the seed of `H` and `spread`.
 * @throws {EverybeatError} `ERR_EVERYBEAT_CRON`, `_ZONE`, `_INSTANT`, `_DURATION`, `_TRIGGER` or `_DEFINITION`, naming
 * the field, the value and what is allowed; `_DEPENDENCY` for `solar` without its optional package.
 */
export function createTrigger(input: TriggerInput, name: string): Trigger {
  return compileTrigger(input, name).trigger
}

/** A trigger with its parts, for a preview. */
export interface CompiledTrigger {
  readonly trigger: Trigger
  readonly part: TriggerPart
  readonly zone: Zone
}

/** Creates a trigger as {@link createTrigger} does, and gives its parts too. */
export function compileTrigger(input: TriggerInput, name: string): CompiledTrigger {
  const kind = readKind(input)
  const rrule = kind === 'rrule' ? readRruleText(input.rrule) : null
  const zone = chooseZone(input, rrule)
  const context: CronContext = { name, zone, ...readChoices(input) }
  const part = createPart(kind, input, context, rrule)
  const limits = readLimits(input, context, part)
  const limited = isLimited(limits)
  const source = limited ? limitOccurrences(part.source, limits) : part.source
  const text = [part.text, ...describeLimits(limits, zone.name)].join('; ')
  const { length: exclusionCount } = limits.exclusions
  const extra = {
    ...(limited || part.arithmetic === undefined ? {} : { arithmetic: Object.freeze(part.arithmetic) }),
    ...(exclusionCount === 0 ? {} : { exclusionCount }),
  }
  return { trigger: assemble(kind, text, source, extra), part, zone }
}

/** The zone of a definition: `tz`, or the TZID of its rule; if both are given they must agree. */
function chooseZone(input: TriggerInput, rrule: RruleText | null): Zone {
  const named = rrule?.zone ?? null
  if (input.tz === undefined) return named === null ? findZone('UTC') : findZone(named, 'TZID in rrule')
  const zone = findZone(input.tz)
  if (named !== null && findZone(named, 'TZID in rrule').name.toLowerCase() !== zone.name.toLowerCase()) {
    const reason = `its TZID is ${showValue(named)}, but tz is ${showValue(input.tz)}; only the same zone is allowed`
    refuseRrule(input.rrule, reason)
  }
  return zone
}

function readLimits(input: TriggerInput, context: CronContext, part: TriggerPart): Limits {
  const read = (field: 'start' | 'skipNext'): number | null =>
    input[field] === undefined ? null : parseInstant(input[field], field, context.zone.name)
  const startMs = read('start') ?? -Infinity
  const endMs = input.end === undefined ? Infinity : parseLastInstant(input.end, 'end', context.zone.name)
  if (startMs > endMs) {
    const message = `end: ${showValue(input.end)} cannot be used; allowed: an instant at or after start, ${showValue(input.start)}`
    throw new EverybeatError('ERR_EVERYBEAT_TRIGGER', message, { field: 'end', value: input.end })
  }
  const exclusions = input.exclude === undefined ? [] : parseExclusions(input.exclude, context, part.used?.() ?? null)
  return { startMs, endMs, exclusions, skipMs: read('skipNext') }
}

function isLimited({ startMs, endMs, exclusions, skipMs }: Limits): boolean {
  return startMs > -Infinity || endMs < Infinity || exclusions.length > 0 || skipMs !== null
}

function describeLimits({ startMs, endMs, exclusions, skipMs }: Limits, zone: string): string[] {
  const parts = exclusions.map((exclusion) => `exclude ${exclusion.text} in ${zone}`).sort()
  if (startMs > -Infinity) parts.push(`start ${new Date(startMs).toISOString()}`)
  if (endMs < Infinity) parts.push(`end ${new Date(endMs).toISOString()}`)
  if (skipMs !== null) parts.push(`skip ${new Date(skipMs).toISOString()}`)
  return parts
}

function assemble(
  kind: Trigger['kind'],
  text: string,
  source: OccurrenceSource,
  extra: Pick<Trigger, 'arithmetic' | 'exclusionCount'>,
): Trigger {
  const next = (afterMs: number): number | null => source.next(checkInstant(afterMs, 'afterMs'))
  return Object.freeze({
    kind,
    text,
    ...extra,
    next,
    previous: (beforeMs: number) => source.previous(checkInstant(beforeMs, 'beforeMs')),
    between(fromMs: number, toMs: number, limit: number) {
      const last = checkInstant(toMs, 'toMs')
      const found: number[] = []
      if (!(limit > 0)) return found
      for (let at = next(fromMs); at !== null && at <= last; at = next(at)) {
        found.push(at)
        if (found.length >= limit) break
      }
      return found
    },
    matches: (atMs: number) => Number.isInteger(atMs) && next(atMs - 1) === atMs,
  })
}

/**
 * Checks an instant: one beyond the range of dates counts as the end of the range; a value that is no number is
 * refused.
 */
function checkInstant(value: number, field: string): number {
  if (typeof value === 'number' && !Number.isNaN(value)) {
    return Math.max(-LAST_SECOND * 1000, Math.min(LAST_SECOND * 1000, value))
  }
  const message = `${field}: ${showValue(value)} cannot be used; allowed: epoch milliseconds`
  throw new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}
