import { hashBelow } from './hash.js'

/**
 * How much later than its nominal instant an occurrence starts: in [0, jitterMs], the same on every worker, and never
 * as far as the next occurrence.
 */
export function startDelay(name: string, nominalMs: number, nextNominalMs: number | null, jitterMs: number): number {
  const most = nextNominalMs === null ? jitterMs : Math.min(jitterMs, nextNominalMs - nominalMs - 1)
  return most <= 0 ? 0 : hashBelow(`${name}@${nominalMs}`, most + 1)
}
