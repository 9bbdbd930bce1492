import type { Emit } from '../../events/events.js'
import type { AbandonReason, FailureReason } from '../../events/reasons.js'
import { SETTLE_CHANNEL, type SettleAnswer, type SettleMessage } from '../channels.js'
import type { SettleOutcome } from '../store.js'
import type { ActiveRun } from './active-run.js'
import type { Decided } from './decide-settlement.js'
import { describeRun } from './describe-run.js'

interface Reporter {
  readonly workerId: string
  readonly isPublished: boolean
  readonly emit: Emit
}

/** Reports the settlement of a run, to the subscribers of `everybeat:settle` and as an event. */
export function reportRun(reporter: Reporter, run: ActiveRun, settlement: Decided, outcome: SettleOutcome): void {
  const isRecovered = outcome === 'recovered'
  const answer = isRecovered ? 'settled' : outcome
  if (reporter.isPublished && SETTLE_CHANNEL.hasSubscribers)
    SETTLE_CHANNEL.publish(describeSettlement(reporter, run, settlement, answer))
  const { emit } = reporter
  const { durationMs, latenessMs, reason, retryDelayMs, thrown } = settlement
  // Nearly every run succeeds, so this event is created only for listeners.
  if (answer === 'settled' && settlement.outcome === 'ok') {
    return emit('run:succeeded', () => ({
      ...describeRun(reporter, run),
      durationMs,
      latenessMs,
      ...(isRecovered ? { recovered: true } : null),
    }))
  }
  const event = describeRun(reporter, run)
  const error = settlement.error ?? { name: 'Error', message: reason }
  switch (answer) {
    case 'rerun':
    case 'abandoned':
      if (settlement.outcome !== 'abandoned') {
        emit('lease:lost', { ...event, reason: 'the lease had ended before the settlement' })
      }
      return emit('run:abandoned', {
        ...event,
        reason: reason === '' ? 'lease-lost' : (reason as AbandonReason),
        rerun: answer === 'rerun',
      })
    case 'returned':
      // A returned run has no event: it continues on another worker.
      return
    case 'lost':
      return emit('lease:lost', { ...event, reason: 'the run was given to another worker' })
    case 'forgotten':
      return emit('lease:lost', { ...event, reason: 'the schedule was removed' })
    case 'retrying':
      return emit('run:retrying', { ...event, durationMs, delayMs: retryDelayMs ?? 0, error }, thrown)
    default:
      return emit('run:failed', { ...event, durationMs, reason: reason as FailureReason, error }, thrown)
  }
}

function describeSettlement(
  { workerId }: Reporter,
  { claimed, task }: ActiveRun,
  settlement: Decided,
  answer: SettleAnswer,
): SettleMessage {
  const { outcome, reason, durationMs, latenessMs, retryDelayMs, thrown } = settlement
  return {
    runId: claimed.runId,
    schedule: claimed.schedule,
    task,
    worker: workerId,
    scheduledAt: claimed.nominalMs,
    attempt: claimed.attempt,
    delivery: claimed.delivery,
    fence: claimed.fence,
    outcome,
    answer,
    reason,
    durationMs,
    latenessMs,
    retryDelayMs,
    ...(thrown === undefined ? {} : { error: thrown }),
  }
}
