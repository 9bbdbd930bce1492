import type { ClaimedRun } from '../../worker/store.js'
import type { Keys } from '../keys.js'
import type { HeldLease } from './extend-leases.js'

/** The start key of a delivery of a run. */
export function startKey(keys: Keys, { runId, attempt, delivery }: ClaimedRun): string {
  return keys.start(runId, attempt, delivery)
}

/** The lease that a run holds. */
export function leaseOf(keys: Keys, workerId: string, run: ClaimedRun): HeldLease {
  const key = run.hasRunLease ? keys.runLease(run.runId) : keys.lease(run.schedule)
  return { key, token: `${workerId}:${run.fence}` }
}
