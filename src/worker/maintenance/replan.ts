import { decidePlan } from '../../schedule/decide-plan.js'
import { PLAN_END } from '../../schedule/plan-text.js'
import type { PlanDecision, StoredSchedule } from '../../schedule/stored-schedule.js'
import { reportSkip } from '../report-skip.js'
import type { WorkerRuntime } from '../shard-runtime.js'
import type { WorkerStore } from '../store.js'
import type { PlanningPace } from './planning-pace.js'

/** Most tries to plan a schedule that others change at the same time. */
const MAX_TRIES = 3
/** Begin of the error about a missing optional package, which is a fault of this worker and not of the definition. */
const MISSING_HERE = 'ERR_EVERYBEAT_DEPENDENCY'

/** The parts of a worker that planning needs. */
export type PlanContext = Pick<WorkerRuntime, 'workerId' | 'emit' | 'tzAuthority' | 'time'> & {
  readonly store: WorkerStore
  readonly pace: PlanningPace
}

/**
 * Plans a schedule from the given reading, and from a fresh one when another worker was faster. A worker that loses the
 * compare-and-set has changed nothing. A schedule that needs newer time-zone data is left to the tz authority.
 */
export async function replan(context: PlanContext, handed: StoredSchedule, nowMs: number): Promise<void> {
  const { tzAuthority, store } = context
  let schedule = handed
  let now = nowMs
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = await context.pace.run(() => decidePlan(schedule, now))
    if (tzAuthority.isPlannedElsewhere(decision.definition, decision.error)) {
      return await store.askForPlan(tzAuthority.authorityId, schedule.name)
    }
    if (isRemovable(schedule, decision)) return await store.deleteFinished(schedule.name)
    if (decision.error?.startsWith(MISSING_HERE)) {
      // The optional package is missing on this worker; others may have it, so the definition is not quarantined.
      context.emit('schedule:invalid', { schedule: schedule.name, error: decision.error })
      return
    }
    const outcome = await store.storePlan({ schedule, ...decision })
    if (outcome === 'stored') return reportPlan(context, schedule.name, decision)
    const reading = await store.read([schedule.name])
    const fresh = reading.schedules[0]
    if (!fresh || fresh.digest === '') return
    if (fresh.digest === fresh.state.digest && fresh.state.plan !== schedule.state.plan) return
    schedule = fresh
    now = reading.nowMs
  }
}

/** Whether a schedule is finished and its definition has it removed then. */
function isRemovable({ state, digest }: StoredSchedule, { plan, definition }: PlanDecision): boolean {
  const isFinished = plan === PLAN_END && state.plan === PLAN_END && state.digest === digest
  return isFinished && definition?.removeAfterMs != null && state.removal !== undefined
}

function reportPlan(context: PlanContext, schedule: string, { error, skipped }: PlanDecision): void {
  if (error !== null) context.emit('schedule:invalid', { schedule, error })
  for (const { atMs, reason, count } of skipped) reportSkip(context, { schedule, nominalMs: atMs, reason, count })
}
