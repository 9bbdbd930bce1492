import type { Trigger } from '../time/trigger.js'

/** Most occurrences that are counted one by one, if arithmetic cannot count them; fewer for a slow trigger. */
const MAX_COUNTED = 100_000
const MAX_COUNTED_SLOWLY = 10_000
/** Number of exclusions of a trigger that doubles the time of a step. */
const EXCLUSIONS_PER_STEP = 6

/** The count of the occurrences in a span of time. */
export interface OccurrenceCount {
  /** The number of occurrences; a lower bound when not `exact`. */
  readonly count: number
  readonly exact: boolean
  /** The newest occurrences, in order. */
  readonly newest: readonly number[]
}

const NOTHING: OccurrenceCount = { count: 0, exact: true, newest: [] }

/**
 * The number of occurrences of a trigger that are counted one by one before a count becomes a lower bound. Counting
 * them takes some ten milliseconds, so that one decision never blocks the event loop.
 */
export function countingBound({ kind, exclusionCount = 0 }: Trigger): number {
  const most = kind === 'cron' || kind === 'every' ? MAX_COUNTED : MAX_COUNTED_SLOWLY
  return Math.floor(most / (1 + exclusionCount / EXCLUSIONS_PER_STEP))
}

/**
 * Counts the occurrences in [fromMs, toMs] and gives the newest. The work is bounded for any span: an arithmetic
 * trigger is not stepped through, any other for at most {@link countingBound} occurrences.
 */
export function countOccurrences(trigger: Trigger, fromMs: number, toMs: number, newestCount: number): OccurrenceCount {
  if (fromMs > toMs) return NOTHING
  if (trigger.arithmetic) return countByArithmetic(trigger.arithmetic, fromMs, toMs, newestCount)
  const bound = countingBound(trigger)
  const found = trigger.between(fromMs - 1, toMs, bound)
  if (found.length < bound) return { count: found.length, exact: true, newest: newestOf(found, newestCount) }
  return { count: bound, exact: false, newest: stepBack(trigger, fromMs, toMs, newestCount) }
}

/**
 * The instant of occurrence number `count` in [fromMs, toMs]; null when the span has fewer, or when `count` exceeds the
 * bound.
 */
export function nthOccurrence(trigger: Trigger, fromMs: number, toMs: number, count: number): number | null {
  if (trigger.arithmetic) {
    const { periodMs, phaseMs } = trigger.arithmetic
    const atMs = firstOf(fromMs, periodMs, phaseMs) + (count - 1) * periodMs
    return atMs <= toMs ? atMs : null
  }
  if (count > countingBound(trigger)) return null
  return trigger.between(fromMs - 1, toMs, count)[count - 1] ?? null
}

function countByArithmetic(
  { periodMs, phaseMs }: NonNullable<Trigger['arithmetic']>,
  fromMs: number,
  toMs: number,
  newestCount: number,
): OccurrenceCount {
  const firstMs = firstOf(fromMs, periodMs, phaseMs)
  const count = Math.max(0, Math.floor((toMs - firstMs) / periodMs) + 1)
  const kept = Math.min(count, newestCount)
  const newest = Array.from({ length: kept }, (_, index) => firstMs + (count - kept + index) * periodMs)
  return { count, exact: true, newest }
}

function firstOf(fromMs: number, periodMs: number, phaseMs: number): number {
  return Math.ceil((fromMs - phaseMs) / periodMs) * periodMs + phaseMs
}

function newestOf(instants: readonly number[], count: number): readonly number[] {
  return count === 0 ? [] : instants.slice(-count)
}

function stepBack(trigger: Trigger, fromMs: number, toMs: number, count: number): number[] {
  const newest: number[] = []
  for (let atMs = trigger.previous(toMs + 1); atMs !== null && atMs >= fromMs && newest.length < count;) {
    newest.push(atMs)
    atMs = trigger.previous(atMs)
  }
  return newest.reverse()
}
