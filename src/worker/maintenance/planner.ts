import type { SkipReason } from '../../events/reasons.js'
import { decidePlan } from '../../schedule/decide-plan.js'
import type { Emit } from '../../events/events.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { WorkerStore } from '../store.js'
import type { TimeSource } from '../../time-source.js'
import type { ZoneDuty } from './tz-authority.js'

/** A schedule that keeps moving under our hands is left to whoever moves it. */
const MAX_TRIES = 3
/** How an error begins that is this worker's own, not the definition's. */
const MISSING_HERE = 'ERR_EVERYBEAT_DEPENDENCY'

/** What planning needs beside the store. */
export interface PlanContext {
  readonly emit: Emit
  readonly zones: ZoneDuty
  readonly time: TimeSource
}

/**
 * Makes the plan of a schedule anew: from what Redis handed back, and once more from a fresh reading when somebody was
 * faster. Whoever loses the compare-and-set has changed nothing. What needs newer time-zone data is left to who has it.
 */
export async function replan(
  { emit, zones }: PlanContext,
  store: WorkerStore,
  handed: StoredSchedule,
  nowMs: number,
): Promise<void> {
  let schedule = handed
  let now = nowMs
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = decidePlan(schedule, now)
    const { definition } = decision
    if (zones.leaves(definition, decision.error)) return await store.askForPlan(zones.planner, schedule.name)
    const isFinished = decision.plan === '.' && schedule.state.plan === '.' && schedule.state.digest === schedule.digest
    if (isFinished && definition?.removeAfterMs != null && schedule.state.removal !== undefined) {
      return await store.removeFinished(schedule.name)
    }
    if (decision.error?.startsWith(MISSING_HERE)) {
      // An optional package is not installed here: that says nothing about the other workers.
      emit('schedule:invalid', { schedule: schedule.name, error: decision.error })
      return
    }
    const outcome = await store.storePlan({ schedule, ...decision })
    if (outcome === 'stored') {
      if (decision.error !== null) emit('schedule:invalid', { schedule: schedule.name, error: decision.error })
      for (const { atMs, reason, count } of decision.dropped) {
        emit('run:skipped', { schedule: schedule.name, scheduledAt: atMs, reason: reason as SkipReason, count })
      }
      return
    }
    const reading = await store.read([schedule.name])
    const fresh = reading.schedules[0]
    if (!fresh || fresh.digest === '') return
    if (fresh.digest === fresh.state.digest && fresh.state.plan !== schedule.state.plan) return
    schedule = fresh
    now = reading.nowMs
  }
}
