import { hashText } from './hash.js'

/**
 * The delay of a start after its nominal instant, whole ms: spread evenly over 0 … `jitterMs`, but never up to the next
 * occurrence. A hash of name and instant decides it, so that every worker gets the same delay.
 *
 * @param nextNominalMs The occurrence that follows, or null when there is none.
 */
export function startDelay(name: string, nominalMs: number, nextNominalMs: number | null, jitterMs: number): number {
  const room = nextNominalMs === null ? jitterMs : Math.min(jitterMs, nextNominalMs - nominalMs - 1)
  if (!(room > 0)) return 0
  return Math.floor((hashText(`jitter:${nominalMs}:${name}`) / 0x1_0000_0000) * (Math.floor(room) + 1))
}
