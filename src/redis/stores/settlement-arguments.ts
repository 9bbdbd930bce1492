import type { Settlement } from '../../worker/store.js'

/**
 * Adds one settlement in the form of the script: the number of its values, then the values without the usual ones at
 * the end.
 */
export function addSettlement(list: (string | number)[], settlement: Settlement): void {
  const { run, refill, pauseAfter } = settlement
  const retryDelayMs = settlement.retryDelayMs ?? -1
  const isPlain =
    settlement.reason === '' &&
    settlement.resultText === '' &&
    settlement.errorText === '' &&
    retryDelayMs === -1 &&
    (pauseAfter === 0 || settlement.outcome === 'ok')
  const at = list.push(0) - 1
  list.push(run.schedule, run.runId, run.fence, outcomeOf(settlement), settlement.durationMs, settlement.latenessMs)
  const { traceparent } = settlement
  if (refill || !isPlain || traceparent !== undefined) list.push(run.digest, refill?.after ?? '', refill?.more ?? '')
  if (!isPlain || traceparent !== undefined) {
    list.push(settlement.reason, settlement.resultText, settlement.errorText, retryDelayMs, pauseAfter)
  }
  if (traceparent !== undefined) list.push(traceparent)
  list[at] = list.length - at - 1
}

/** The outcome; `ok` as the field that counts such ends in the hash of a minute, which takes Redis longer to make. */
function outcomeOf({ outcome, latenessMs, durationMs }: Settlement): string {
  return outcome === 'ok' ? `ok:${stepOf(latenessMs)}:${stepOf(durationMs)}` : outcome
}

/** A longer time is on the last step too, ms. */
const LONGEST_MS = 2 ** 31 - 1

/** The step on a scale of powers of two: 0 is less than a millisecond, 1 one, 2 two and three, 3 four to seven; 31 is the last. */
function stepOf(ms: number): number {
  return 32 - Math.clz32(Math.min(Math.max(0, ms), LONGEST_MS))
}
