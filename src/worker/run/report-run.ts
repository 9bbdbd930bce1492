import type { Emit, RunEvent } from '../../events/events.js'
import type { AbandonReason, FailureReason } from '../../events/reasons.js'
import type { ActiveRun } from './active-run.js'
import type { Decided } from './decide-settlement.js'
import type { SettleOutcome } from '../store.js'

interface Reporter {
  readonly workerId: string
  readonly emit: Emit
}

/** What every event says about a run. */
export function describeRun({ workerId }: Pick<Reporter, 'workerId'>, { claimed, task }: ActiveRun): RunEvent {
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

/** Says what became of a run. */
export function reportRun(context: Reporter, active: ActiveRun, settlement: Decided, outcome: SettleOutcome): void {
  const { emit } = context
  const { durationMs, latenessMs, reason, retryDelayMs } = settlement
  // What nearly every run comes to is told only to who listens.
  if (outcome === 'settled' && settlement.outcome === 'ok') {
    return emit('run:succeeded', () => ({ ...describeRun(context, active), durationMs, latenessMs }))
  }
  const event = describeRun(context, active)
  const error = settlement.error ?? { name: 'Error', message: reason }
  if (outcome === 'rerun' || outcome === 'abandoned') {
    if (settlement.outcome !== 'abandoned') emit('lease:lost', { ...event, reason: 'the lease was gone at settlement' })
    emit('run:abandoned', {
      ...event,
      reason: reason === '' ? 'lease-lost' : (reason as AbandonReason),
      rerun: outcome === 'rerun',
    })
  } else if (outcome === 'returned') {
    // It goes on elsewhere as if this worker had never won it.
  } else if (outcome === 'lost' || outcome === 'forgotten') {
    emit('lease:lost', {
      ...event,
      reason: outcome === 'lost' ? 'the run was given to somebody else' : 'the schedule was removed',
    })
  } else if (outcome === 'retrying') {
    emit('run:retrying', { ...event, durationMs, delayMs: retryDelayMs ?? 0, error })
  } else {
    emit('run:failed', { ...event, durationMs, reason: reason as FailureReason, error })
  }
}
