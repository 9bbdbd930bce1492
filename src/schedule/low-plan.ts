import { countPlanned, isPlanClosed, lastNominal } from './plan-text.js'

/** The share of the plans with two instants left that is refilled; the others wait until they have one. */
const SPREAD = 1 / 3
/** Instants as near as this are always refilled at two: a plan that is spent would soon make a start late, ms. */
const NEAR_MS = 60_000

/**
 * Whether an occurrence refills the plan of its schedule. A plan with more than two instants, or one that is closed, is
 * long enough; one with fewer than two is refilled. Whether one with two is, is drawn: schedules that are registered
 * together and share their instants do not all refill on the same one.
 *
 * @param remainingPlan what is left of the plan behind the occurrence
 * @param random draws a number in [0, 1)
 */
export function runsLow(remainingPlan: string, nominalMs: number, random: () => number): boolean {
  if (isPlanClosed(remainingPlan)) return false
  const count = countPlanned(remainingPlan, 3)
  if (count !== 2) return count < 2
  return lastNominal(remainingPlan)! - nominalMs < NEAR_MS || random() < SPREAD
}
