import type { ClaimedRun } from '../../worker/store.js'
import type { Keys } from '../keys.js'
import type { HeldLease } from './extend-leases.js'

/** The key on the lock nodes that says that this delivery of a run was started. */
export function startKey(keys: Keys, { runId, attempt, delivery }: ClaimedRun): string {
  return keys.start(runId, attempt, delivery)
}

/** The lease that a run holds. */
export function leaseOf(keys: Keys, workerId: string, run: ClaimedRun): HeldLease {
  const key = run.hasRunLease ? keys.runLease(run.runId) : keys.lease(run.schedule)
  return { key, token: `${workerId}:${run.fence}` }
}
