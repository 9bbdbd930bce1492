import type { RunEvent } from '../../events/events.js'
import type { ActiveRun } from './active-run.js'

/** The fields that every event of a run has. */
export function describeRun({ workerId }: { readonly workerId: string }, { claimed, task }: ActiveRun): RunEvent {
  return {
    runId: claimed.runId,
    schedule: claimed.schedule,
    task,
    scheduledAt: claimed.nominalMs,
    worker: workerId,
    attempt: claimed.attempt,
    fence: claimed.fence,
  }
}
