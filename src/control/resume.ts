import { EverybeatError } from '../errors.js'
import { decidePlan } from '../schedule/decide-plan.js'
import type { Editor } from '../schedule/stored-change.js'
import { decodeStored } from './schedule-view.js'
import type { ScheduleStore } from './store.js'

/** The result of resuming a schedule. `unchanged`: the schedule was not paused. */
export interface ResumeResult {
  /** `missing`: no schedule has this name. */
  outcome: 'resumed' | 'unchanged' | 'missing'
  /** The revision of the definition now; 0 when the schedule does not exist. */
  revision: number
}

/** Most tries to resume a schedule that is edited at the same time. */
const MAX_TRIES = 10

/**
 * Ends the pause of a schedule and records the missed occurrences as skipped; a schedule that is disabled by its
 * definition is enabled.
 *
 * @param enable sets `enabled` of the definition
 */
export async function resumeSchedule(
  store: ScheduleStore,
  name: string,
  editor: Editor,
  enable: () => Promise<{ revision: number }>,
): Promise<ResumeResult> {
  for (let tries = 0; ; tries++) {
    const { schedule, nowMs } = await store.read(name)
    if (!schedule) return { outcome: 'missing', revision: 0 }
    const revision = Number(schedule.state.revision ?? 0)
    const isPaused = schedule.state.paused !== undefined
    const definition = decodeStored(schedule)
    if (isPaused) {
      const change = { schedule, ...decidePlan(schedule, nowMs, true), resume: true }
      const outcome = await store.storePlan(change, editor)
      if (outcome === 'moved' && tries < MAX_TRIES) continue
    }
    if (!(definition instanceof EverybeatError) && !definition.enabled) {
      return { outcome: 'resumed', revision: (await enable()).revision }
    }
    return { outcome: isPaused ? 'resumed' : 'unchanged', revision }
  }
}
