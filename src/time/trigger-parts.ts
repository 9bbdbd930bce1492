import { EverybeatError, showValue } from '../errors.js'
import { createAt } from './at.js'
import { parseCron, type CronContext } from './cron.js'
import { parseDuration } from './duration.js'
import { createEvery, usedTimes } from './every.js'
import type { UsedTimes } from './exclusion-cron.js'
import { parseInstant } from './instant.js'
import type { OccurrenceSource } from './occurrence-source.js'
import type { RruleText } from './rrule-text.js'
import { createRrule } from './rrule.js'
import { createSolar } from './solar.js'
import { DEFAULT_CHOICES, type TriggerInput, type TriggerKind } from './trigger-input.js'
import type { Trigger } from './trigger.js'
import type { WallClockRule } from './wall-occurrences.js'

/** One trigger before its limits. */
export interface TriggerPart {
  /** Canonical text. */
  readonly text: string
  readonly source: OccurrenceSource
  /** Gives the wall-clock times that the occurrences can have; absent if unknown. */
  readonly used?: () => UsedTimes
  readonly arithmetic?: Trigger['arithmetic']
  /** Set for a trigger of wall-clock times, which a zone may skip or repeat. */
  readonly rule?: WallClockRule
}

/** The shortest period of `every`. */
export const MIN_EVERY_MS = 100

/** Creates the one trigger of a definition; `rrule` is the separated text of that field, if it is the trigger. */
export function createPart(
  kind: TriggerKind,
  input: TriggerInput,
  context: CronContext,
  rrule: RruleText | null,
): TriggerPart {
  switch (kind) {
    case 'cron':
      return createCronPart(input, context)
    case 'every':
      return createEveryPart(input, context)
    case 'at':
      return createAtPart(input, context)
    case 'rrule':
      return createRrulePart(input, context, rrule!)
    case 'solar':
      return createSolar(input)
  }
}

function createCronPart(input: TriggerInput, context: CronContext): TriggerPart {
  const cron = parseCron(input.cron, context)
  // `0-59` and `*` name the same minutes, but only one of them follows real time through a clock change.
  const interval = cron.rule.followsRealTime ? '; interval' : ''
  const text = `cron ${cron.normalized}; tz ${context.zone.name}${interval}${showChoices(context)}`
  return { text, source: cron, used: () => cron.fields, rule: cron.rule }
}

function createRrulePart(input: TriggerInput, context: CronContext, text: RruleText): TriggerPart {
  const rules = { gap: context.dstGap, overlap: context.dstOverlap }
  const normalized = String(input.rrule).trim().replace(/\s+/g, ' ')
  return {
    text: `rrule ${normalized}; tz ${context.zone.name}${showChoices(context)}`,
    ...createRrule(input.rrule, text, context.zone, rules),
  }
}

function showChoices(context: CronContext): string {
  return (['dstGap', 'dstOverlap', 'dayMatch'] as const)
    .filter((choice) => context[choice] !== DEFAULT_CHOICES[choice])
    .map((choice) => `; ${choice} ${context[choice]}`)
    .join('')
}

function createEveryPart(input: TriggerInput, { name, zone }: CronContext): TriggerPart {
  const periodMs = parseDuration(input.every, 'every')
  if (periodMs < MIN_EVERY_MS) {
    const message = `every: ${showValue(input.every)} cannot be used; allowed: at least ${MIN_EVERY_MS} ms`
    throw new EverybeatError('ERR_EVERYBEAT_DURATION', message, { field: 'every', value: input.every })
  }
  const spread = input.spread ?? false
  if (typeof spread !== 'boolean') {
    const message = `spread: ${showValue(spread)} cannot be used; allowed: true or false`
    throw new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, { field: 'spread', value: spread })
  }
  const anchorMs = input.anchor === undefined ? 0 : parseInstant(input.anchor, 'anchor', zone.name)
  const every = createEvery(periodMs, anchorMs, spread ? name : null)
  const { phaseMs } = every
  return {
    text: `every ${periodMs} ms + ${phaseMs} ms`,
    source: every,
    used: () => usedTimes(every),
    arithmetic: { periodMs, phaseMs },
  }
}

function createAtPart(input: TriggerInput, { zone }: CronContext): TriggerPart {
  const atMs = parseInstant(input.at, 'at', zone.name)
  return { text: `at ${new Date(atMs).toISOString()}`, source: createAt(atMs) }
}
