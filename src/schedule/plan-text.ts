import { startDelay } from '../time/jitter.js'
import type { Trigger } from '../time/trigger.js'
import type { Definition } from './definition.js'

/** Least number of instants in a plan, if the schedule has as many. */
export const PLAN_MIN_COUNT = 3
/** The largest number of instants in a plan. */
export const PLAN_MAX_COUNT = 16
/** Least span of a plan from its first instant, within the largest number of instants, ms. */
export const PLAN_SPAN_MS = 20_000

/** The size of a plan. */
export interface PlanOptions {
  /** Number of instants, at most 16; default: at least 3, and as many as cover 20 s. */
  count?: number
  /** The least number of instants where no number is given; default: 3. */
  least?: number
  /** The instant that the plan begins with, from which it reaches 20 s, epoch ms; default: the first of these. */
  fromMs?: number
  /** Occurrences that the schedule's `limit` still allows; null and undefined mean no limit. */
  remaining?: number | null
}

/** The parts of a definition that a plan needs. */
export type Plannable = Pick<Definition, 'name' | 'trigger' | 'jitterMs'>

/** The next occurrences strictly after the instant, as the text {@link formatPlan} gives; empty when there are none. */
export function planInstants(definition: Plannable, afterMs: number, options: PlanOptions = {}): string {
  return formatPlan(definition, upcomingInstants(definition.trigger, afterMs, options))
}

/** The nominal instants of the next occurrences strictly after the instant, as many as a plan holds. */
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

/** The delay of an occurrence after its nominal instant, ms: 0 without `jitter`, never past the next occurrence. */
export function delayOf({ name, trigger, jitterMs }: Plannable, nominalMs: number): number {
  return jitterMs === 0 ? 0 : startDelay(name, nominalMs, trigger.next(nominalMs), jitterMs)
}

/** The mark after the last instant of a plan when nothing follows. */
export const PLAN_END = '.'

/** One instant of a plan. */
export interface PlannedInstant {
  /** The occurrence's identity, `scheduledAt`, epoch ms. */
  readonly nominalMs: number
  /** Delay of the start because of `jitter`, ms. */
  readonly delayMs: number
  /** Whether the run makes up for a missed occurrence. */
  readonly isCatchUp: boolean
  /** Missed occurrences that the run makes up for, without its own. */
  readonly missed: number
}

/** A decoded plan: its instants in order, and whether it is closed. */
export interface Plan {
  readonly instants: readonly PlannedInstant[]
  readonly isClosed: boolean
}

const NO_PLAN: Plan = { instants: [], isClosed: false }

/**
 * Reads a stored plan: instants separated by a space, each `nominal[+delay][c[missed]]`, closed by {@link PLAN_END}
 * when nothing follows. A plan is a cache: an invalid text, which any program may have written, counts as an empty plan
 * and is replaced.
 */
export function parsePlan(text: string): Plan {
  if (text === '') return NO_PLAN
  const items = text.split(' ')
  const isClosed = items.at(-1) === PLAN_END
  if (isClosed) items.pop()
  const instants: PlannedInstant[] = []
  for (const item of items) {
    const [, nominal, delay = '0', mark, missed] = /^(-?\d{1,16})(?:\+(\d{1,13}))?(c(\d{0,9}))?$/.exec(item) ?? []
    if (nominal === undefined) return NO_PLAN
    const isCatchUp = mark !== undefined
    instants.push({ nominalMs: Number(nominal), delayMs: Number(delay), isCatchUp, missed: Number(missed ?? 0) })
  }
  return { instants, isClosed }
}

/** The first nominal instant of a stored plan, epoch ms; null where it has none. Cheaper than {@link parsePlan}. */
export function firstNominal(text: string): number | null {
  const nominalMs = Number.parseInt(text, 10)
  return Number.isSafeInteger(nominalMs) ? nominalMs : null
}

/** The last nominal instant of a stored plan that is not closed, epoch ms; null where it has none. */
export function lastNominal(text: string): number | null {
  return firstNominal(text.slice(text.lastIndexOf(' ') + 1))
}

/** The number of instants of a stored plan that is not closed, counted up to `most`. Cheaper than {@link parsePlan}. */
export function countPlanned(text: string, most: number): number {
  let count = text === '' ? 0 : 1
  for (let at = text.indexOf(' '); at >= 0 && count < most; at = text.indexOf(' ', at + 1)) count += 1
  return count
}

/** Whether a stored plan says that nothing follows its instants. */
export function isPlanClosed(text: string): boolean {
  return text.endsWith(PLAN_END)
}

/** Joins the texts of plans in order; an empty text adds nothing. */
export function joinPlans(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ')
}

/** The text of an instant as a catch-up run in place of a number of other missed occurrences. */
export function asCatchUp(text: string, missed: number): string {
  return `${text}c${missed}`
}
