import { EverybeatError, showValue } from '../errors.js'
import { createAt } from './at.js'
import { parseCron, type CronContext } from './cron.js'
import { parseDuration } from './duration.js'
import { createEvery, usedTimes } from './every.js'
import type { UsedTimes } from './exclusion-cron.js'
import { parseExclusions } from './parse-exclusions.js'
import { parseInstant } from './instant.js'
import { limitOccurrences, type Limits } from './limits.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { DEFAULT_CHOICES, readChoices, readKind, type TriggerInput } from './trigger-input.js'
import type { Trigger } from './trigger.js'
import { findZone, LAST_SECOND } from './zone.js'

/** The shortest period of `every`. */
export const MIN_EVERY_MS = 100

/**
 * Makes the trigger of a definition: exactly one of `cron`, `every`, `at`, `rrule`, `solar`, and what limits it.
 * `name` is the schedule's name, the seed of `H` and `spread`.
 * @throws {EverybeatError} `ERR_EVERYBEAT_CRON`, `_ZONE`, `_INSTANT`, `_DURATION`, `_TRIGGER` or `_DEFINITION`, naming
 * the field, the value and what is allowed.
 */
export function createTrigger(input: TriggerInput, name: string): Trigger {
  const kind = readKind(input)
  const zone = findZone(input.tz === undefined ? 'UTC' : input.tz)
  const context: CronContext = { name, zone, ...readChoices(input) }
  const part = createPart(kind, input, context)
  const limits = readLimits(input, context, part.used ?? null)
  const limited = isLimited(limits)
  const source = limited ? limitOccurrences(part.source, limits) : part.source
  const text = [part.text, ...describeLimits(limits, zone.name)].join('; ')
  return assemble(kind, text, source, limited ? undefined : part.arithmetic)
}

interface TriggerPart {
  readonly text: string
  readonly source: OccurrenceSource
  /** The wall-clock times that the occurrences can have. */
  readonly used?: UsedTimes
  readonly arithmetic?: Trigger['arithmetic']
}

function createPart(kind: Trigger['kind'], input: TriggerInput, context: CronContext): TriggerPart {
  switch (kind) {
    case 'cron':
      return createCronPart(input, context)
    case 'every':
      return createEveryPart(input, context)
    case 'at':
      return createAtPart(input, context)
    case 'rrule':
    case 'solar':
      throw new EverybeatError('ERR_EVERYBEAT_TRIGGER', `${kind} is not built yet`, { field: kind, value: input[kind] })
  }
}

function createCronPart(input: TriggerInput, context: CronContext): TriggerPart {
  const cron = parseCron(input.cron, context)
  const choices = (['dstGap', 'dstOverlap', 'dayMatch'] as const)
    .filter((choice) => context[choice] !== DEFAULT_CHOICES[choice])
    .map((choice) => `; ${choice} ${context[choice]}`)
  // `0-59` and `*` name the same minutes, but only one of them follows real time through a clock change.
  const text = `cron ${cron.normalized}; tz ${context.zone.name}${cron.intervalLike ? '; interval' : ''}${choices.join('')}`
  return { text, source: cron, used: cron.fields }
}

function createEveryPart(input: TriggerInput, { name, zone }: CronContext): TriggerPart {
  const periodMs = parseDuration(input.every, 'every')
  if (periodMs < MIN_EVERY_MS) {
    const message = `every is ${showValue(input.every)}, but at least ${MIN_EVERY_MS} ms are allowed`
    throw new EverybeatError('ERR_EVERYBEAT_DURATION', message, { field: 'every', value: input.every })
  }
  const spread = input.spread ?? false
  if (typeof spread !== 'boolean') {
    const message = `spread is ${showValue(spread)}, but true or false is allowed`
    throw new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, { field: 'spread', value: spread })
  }
  const anchorMs = input.anchor === undefined ? 0 : parseInstant(input.anchor, 'anchor', zone.name)
  const every = createEvery(periodMs, anchorMs, spread ? name : null)
  const { phaseMs } = every
  return {
    text: `every ${periodMs} ms + ${phaseMs} ms`,
    source: every,
    used: usedTimes(every),
    arithmetic: { periodMs, phaseMs },
  }
}

function createAtPart(input: TriggerInput, { zone }: CronContext): TriggerPart {
  const atMs = parseInstant(input.at, 'at', zone.name)
  return { text: `at ${new Date(atMs).toISOString()}`, source: createAt(atMs) }
}

function readLimits(input: TriggerInput, context: CronContext, used: UsedTimes | null): Limits {
  const read = (field: 'start' | 'end' | 'skipNext'): number | null =>
    input[field] === undefined ? null : parseInstant(input[field], field, context.zone.name)
  const startMs = read('start') ?? -Infinity
  const endMs = read('end') ?? Infinity
  if (startMs > endMs) {
    const message = `end is ${showValue(input.end)}, but an instant at or after start (${showValue(input.start)}) is allowed`
    throw new EverybeatError('ERR_EVERYBEAT_TRIGGER', message, { field: 'end', value: input.end })
  }
  const exclusions = input.exclude === undefined ? [] : parseExclusions(input.exclude, context, used)
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
  arithmetic: Trigger['arithmetic'],
): Trigger {
  const next = (afterMs: number): number | null => source.next(checkInstant(afterMs, 'afterMs'))
  return Object.freeze({
    kind,
    text,
    ...(arithmetic === undefined ? {} : { arithmetic: Object.freeze(arithmetic) }),
    next,
    previous: (beforeMs: number) => source.previous(checkInstant(beforeMs, 'beforeMs')),
    between(fromMs: number, toMs: number, limit: number) {
      const last = checkInstant(toMs, 'toMs')
      const found: number[] = []
      for (let at = next(fromMs); at !== null && at <= last && found.length < limit; at = next(at)) found.push(at)
      return found
    },
    matches: (atMs: number) => Number.isInteger(atMs) && next(atMs - 1) === atMs,
  })
}

/** Instants beyond the ends of time stand for the ends of time; what is no number at all is a mistake. */
function checkInstant(value: number, field: string): number {
  if (typeof value === 'number' && !Number.isNaN(value))
    return Math.max(-LAST_SECOND * 1000, Math.min(LAST_SECOND * 1000, value))
  const message = `${field} is ${showValue(value)}, but epoch milliseconds are allowed`
  throw new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}
