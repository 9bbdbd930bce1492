import type { Definition } from './definition.js'
import { parsePlan } from './plan-text.js'

/** Longest misfire grace if a definition sets none, and the grace of a state without one, ms. */
export const DEFAULT_GRACE_MS = 60_000
/** Shortest misfire grace if a definition sets none, ms. */
const LEAST_GRACE_MS = 1_000

/**
 * How late an occurrence may be claimed and still count as on time, ms: the value of the definition, or else the time
 * to the next occurrence, but at least 1 s and at most 60 s. So after an outage `latest` makes one run for all that was
 * missed.
 */
export function graceAt({ misfireGraceMs, trigger }: Definition, atMs: number): number {
  if (misfireGraceMs !== null) return misfireGraceMs
  const nextMs = trigger.arithmetic ? atMs + trigger.arithmetic.periodMs : trigger.next(atMs)
  return defaultGrace(nextMs === null ? null : nextMs - atMs)
}

/** The grace to store beside a plan, ms: that of the occurrence whose next one is the nearest; null for 60 s. */
export function graceOfPlan({ misfireGraceMs, trigger }: Definition, plan: string): number | null {
  if (misfireGraceMs !== null) return misfireGraceMs === DEFAULT_GRACE_MS ? null : misfireGraceMs
  const graceMs = defaultGrace(trigger.arithmetic ? trigger.arithmetic.periodMs : leastGap(plan))
  return graceMs === DEFAULT_GRACE_MS ? null : graceMs
}

function defaultGrace(gapMs: number | null): number {
  return gapMs === null ? DEFAULT_GRACE_MS : Math.min(DEFAULT_GRACE_MS, Math.max(LEAST_GRACE_MS, gapMs))
}

function leastGap(plan: string): number | null {
  const { instants } = parsePlan(plan)
  const gaps = instants.slice(1).map(({ nominalMs }, index) => nominalMs - instants[index]!.nominalMs)
  return gaps.reduce<number | null>((least, gap) => (gap > 0 && (least === null || gap < least) ? gap : least), null)
}
