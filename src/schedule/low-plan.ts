import { PLAN_END } from './decide-plan.js'

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
  const space = remainingPlan.indexOf(' ')
  if (space < 0) return remainingPlan !== PLAN_END
  if (remainingPlan.endsWith(PLAN_END) || remainingPlan.includes(' ', space + 1)) return false
  return Number.parseInt(remainingPlan.slice(space + 1), 10) - nominalMs < NEAR_MS || random() < SPREAD
}
