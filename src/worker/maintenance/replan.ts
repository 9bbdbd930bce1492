import { decidePlan } from '../../schedule/decide-plan.js'
import { PLAN_END } from '../../schedule/plan-text.js'
import type { PlanDecision, StoredSchedule } from '../../schedule/stored-schedule.js'
import { reportSkip } from '../report-skip.js'
import type { WorkerRuntime } from '../shard-runtime.js'
import type { WorkerStore } from '../store.js'
import type { PlanningPace } from './planning-pace.js'

/** Tries to plan a schedule that others change at the same time; then it is left to them. */
const MAX_TRIES = 3
/** How the error of a missing optional package begins: it is this worker's own, and not the definition's. */
const MISSING_HERE = 'ERR_EVERYBEAT_DEPENDENCY'

/** What planning needs of a worker. */
export type PlanContext = Pick<WorkerRuntime, 'workerId' | 'emit' | 'tzAuthority' | 'time'> & {
  readonly store: WorkerStore
  readonly pace: PlanningPace
}

/**
 * Plans a schedule: from what Redis handed over, and from a fresh reading when another worker was faster. A worker that
 * loses the compare-and-set has changed nothing. A schedule that needs newer time-zone data is left to the tz authority.
 */
export async function replan(context: PlanContext, handed: StoredSchedule, nowMs: number): Promise<void> {
  const { tzAuthority, store } = context
  let schedule = handed
  let now = nowMs
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const decision = await context.pace.run(() => decidePlan(schedule, now))
    if (tzAuthority.isPlannedElsewhere(decision.definition, decision.error)) {
      return await store.askForPlan(tzAuthority.planner, schedule.name)
    }
    if (isRemovable(schedule, decision)) return await store.deleteFinished(schedule.name)
    if (decision.error?.startsWith(MISSING_HERE)) {
      // An optional package is not installed here, which says nothing about the other workers.
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

/** Whether a schedule is finished, and its definition says that it is removed then. */
function isRemovable({ state, digest }: StoredSchedule, { plan, definition }: PlanDecision): boolean {
  const isFinished = plan === PLAN_END && state.plan === PLAN_END && state.digest === digest
  return isFinished && definition?.removeAfterMs != null && state.removal !== undefined
}

function reportPlan(context: PlanContext, schedule: string, { error, dropped }: PlanDecision): void {
  if (error !== null) context.emit('schedule:invalid', { schedule, error })
  for (const { atMs, reason, count } of dropped) reportSkip(context, { schedule, nominalMs: atMs, reason, count })
}
