import { EDITED, type DemoRule, type DemoSchedule } from './plan.js'
import type { ScheduleRecord } from './verdict.js'

/** The instants of a demo that decide which occurrences are expected, by Redis's clock, epoch ms. */
export interface DemoWindow {
  /** Occurrences count after this instant. */
  readonly fromMs: number
  /** Occurrences count up to this instant, itself included. */
  readonly toMs: number
  /** The edit was written between these two. */
  readonly beforeEditMs: number
  readonly afterEditMs: number
}

/** The occurrences that a schedule must have run, and those that it may have run. */
export type Expected = Omit<ScheduleRecord, 'history'>

/** Longest time until an edit by plain Redis commands takes effect, ms. */
export const EDIT_GRACE_MS = 1000

/**
 * The expected occurrences of a schedule, by its rule alone. The edited schedule follows its old rule until the edit,
 * and its new rule once the edit must have taken effect. In between, an occurrence of the new rule may run, and one of
 * the old rule only if it became due while the edit was written.
 */
export function decideExpected({ name, rule }: DemoSchedule, window: DemoWindow): Expected {
  const { fromMs, toMs, beforeEditMs, afterEditMs } = window
  if (name !== EDITED.name) return { name, due: occurrencesBetween(rule, fromMs, toMs), optional: [] }
  const edited = { everyMs: EDITED.afterMs }
  const settledMs = Math.min(afterEditMs + EDIT_GRACE_MS, toMs)
  return {
    name,
    due: [...occurrencesBetween(rule, fromMs, beforeEditMs), ...occurrencesBetween(edited, settledMs, toMs)],
    optional: [
      ...occurrencesBetween(rule, beforeEditMs, afterEditMs),
      ...occurrencesBetween(edited, beforeEditMs, settledMs),
    ],
  }
}

/** The instants of a rule in (fromMs, toMs], epoch ms. */
export function occurrencesBetween(rule: DemoRule, fromMs: number, toMs: number): number[] {
  if ('atMs' in rule) return rule.atMs > fromMs && rule.atMs <= toMs ? [rule.atMs] : []
  const first = Math.floor(fromMs / rule.everyMs) + 1
  const last = Math.floor(toMs / rule.everyMs)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * rule.everyMs)
}
