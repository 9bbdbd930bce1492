import type { Emit } from '../events/events.js'
import type { SkipReason } from '../events/reasons.js'
import { SKIP_CHANNEL } from './channels.js'

/** Occurrences of one schedule that end without a run. */
export interface Skipped {
  readonly schedule: string
  readonly nominalMs: number
  readonly reason: string
  readonly count: number
}

interface SkipReporter {
  readonly workerId: string
  readonly emit: Emit
}

/** Reports occurrences that end without a run, to the subscribers of `everybeat:skip` and as an event. */
export function reportSkip({ workerId, emit }: SkipReporter, { schedule, nominalMs, reason, count }: Skipped): void {
  const event = { schedule, scheduledAt: nominalMs, reason: reason as SkipReason, count }
  if (SKIP_CHANNEL.hasSubscribers) SKIP_CHANNEL.publish({ ...event, worker: workerId })
  emit('run:skipped', event)
}
