import type { Settlement } from '../../worker/store.js'

/** Adds one settlement as the script takes it: how many values follow, and those that are not as they usually are. */
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
  list.push(run.schedule, run.runId, run.fence, settlement.outcome, settlement.durationMs, settlement.latenessMs)
  const { traceparent } = settlement
  if (refill || !isPlain || traceparent !== undefined) list.push(run.digest, refill?.after ?? '', refill?.more ?? '')
  if (!isPlain || traceparent !== undefined) {
    list.push(settlement.reason, settlement.resultText, settlement.errorText, retryDelayMs, pauseAfter)
  }
  if (traceparent !== undefined) list.push(traceparent)
  list[at] = list.length - at - 1
}
