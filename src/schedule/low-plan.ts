import { countPlanned, isPlanClosed, lastNominal } from './plan-text.js'

/** Share of plans that are refilled with two instants left; the others are refilled with one. */
const SPREAD = 1 / 3
/**
 * Distance of instants up to which a plan is always refilled with two left, ms: an empty plan would soon make a start
 * late.
 */
const NEAR_MS = 60_000

/**
 * Whether an occurrence refills the plan of its schedule. A plan with more than two instants, or a closed one, needs no
 * refill; a plan with fewer than two does. For a plan with two a random number decides, so that schedules which share
 * their instants do not all refill at the same one.
 *
 * @param remainingPlan the rest of the plan after the occurrence
 * @param random draws a number in [0, 1)
 */
export function runsLow(remainingPlan: string, nominalMs: number, random: () => number): boolean {
  if (isPlanClosed(remainingPlan)) return false
  const count = countPlanned(remainingPlan, 3)
  if (count !== 2) return count < 2
  return lastNominal(remainingPlan)! - nominalMs < NEAR_MS || random() < SPREAD
}
