import { startDelay } from '../time/jitter.js'
import type { Trigger } from '../time/trigger.js'
import type { Definition } from './definition.js'

/** The least number of instants in a plan, as long as the schedule has them. */
export const PLAN_MIN_COUNT = 3
/** The largest number of instants in a plan. */
export const PLAN_MAX_COUNT = 16
/** A plan reaches at least this far beyond its first instant, within the largest number. */
export const PLAN_SPAN_MS = 20_000

/** How much to plan. */
export interface PlanOptions {
  /** Number of instants, at most 16; default: at least 3, and as many as cover 20 s. */
  count?: number
  /** The least number of instants where no number is given; default: 3. */
  least?: number
  /** The instant that the plan begins with, from which it reaches 20 s, epoch ms; default: the first of these. */
  fromMs?: number
  /** Occurrences that the schedule's `limit` still allows; null and left out mean no limit. */
  remaining?: number | null
}

/** One instant of a plan. */
export interface PlannedInstant {
  /** The occurrence's identity, `scheduledAt`. */
  readonly nominalMs: number
  /** How much later it is due, because of `jitter`. */
  readonly delayMs: number
}

/** What a plan needs to know of a definition. */
export type Plannable = Pick<Definition, 'name' | 'trigger' | 'jitterMs'>

/** The next occurrences strictly after the instant, as the text {@link formatPlan} gives; empty when there are none. */
export function planInstants(definition: Plannable, afterMs: number, options: PlanOptions = {}): string {
  return formatPlan(definition, upcomingInstants(definition.trigger, afterMs, options))
}

/** The nominal instants of the next occurrences strictly after the instant, as many as belong into a plan. */
export function upcomingInstants(trigger: Trigger, afterMs: number, options: PlanOptions = {}): number[] {
  const most = Math.min(options.count ?? PLAN_MAX_COUNT, PLAN_MAX_COUNT, options.remaining ?? Infinity)
  const least = options.count ?? options.least ?? PLAN_MIN_COUNT
  const instants: number[] = []
  for (let atMs = afterMs; instants.length < most;) {
    const nextMs = trigger.next(atMs)
    if (nextMs === null) break
    instants.push(nextMs)
    if (instants.length >= least && nextMs - (options.fromMs ?? instants[0]!) >= PLAN_SPAN_MS) break
    atMs = nextMs
  }
  return instants
}

/**
 * Writes instants as the plan that is stored in a schedule's state: epoch milliseconds separated by one space, each
 * followed by `+delay` in milliseconds where `jitter` moves the start.
 */
export function formatPlan(definition: Plannable, instants: readonly number[]): string {
  return instants
    .map((nominalMs) => {
      const delayMs = delayOf(definition, nominalMs)
      return delayMs === 0 ? String(nominalMs) : `${nominalMs}+${delayMs}`
    })
    .join(' ')
}

/** How much later than its nominal instant an occurrence is due: 0 without `jitter`, never past the next occurrence. */
export function delayOf({ name, trigger, jitterMs }: Plannable, nominalMs: number): number {
  return jitterMs === 0 ? 0 : startDelay(name, nominalMs, trigger.next(nominalMs), jitterMs)
}

/** Reads a stored plan. A plan is a cache: text that is not one, whoever wrote it, is an empty plan and is replaced. */
export function parsePlan(text: string): PlannedInstant[] {
  if (!/^-?\d{1,16}(?:\+\d{1,13})?(?: -?\d{1,16}(?:\+\d{1,13})?)*$/.test(text)) return []
  return text.split(' ').map((item) => {
    const [nominal, delay = '0'] = item.split('+')
    return { nominalMs: Number(nominal), delayMs: Number(delay) }
  })
}
