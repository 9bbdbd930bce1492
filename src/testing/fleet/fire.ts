import { EverybeatError } from '../../errors.js'
import type { Schedules } from '../../index.js'
import type { MemoryStore } from '../../memory/index.js'
import type { RunRecord, RunRecords } from './run-records.js'
import type { Stepper } from './stepper.js'
import type { VirtualTime } from './virtual-time.js'

/** The longest that a run may take, virtual ms. */
const MOST_MS = 30 * 86_400_000

/** What one run by hand takes of a fleet. */
export interface FireParts {
  readonly stepper: Stepper
  readonly store: MemoryStore
  readonly time: VirtualTime
  readonly records: RunRecords
  readonly schedules: Schedules
  /** What some worker has registered. */
  readonly tasks: ReadonlySet<string>
  readonly prefix: string
}

/** Runs a schedule once, now, and gives the end of the run; its retries follow at once. */
export async function fireOnce(parts: FireParts, name: string, options: { payload?: unknown }): Promise<RunRecord> {
  const { schedules, stepper, time, tasks } = parts
  const schedule = await schedules.get(name)
  if (!schedule) throw wrongState(`fire: there is no schedule ${JSON.stringify(name)}`, name)
  const { task = name } = schedule
  if (!tasks.has(task)) {
    throw wrongState(
      `fire: no worker of this fleet has the task ${JSON.stringify(task)} of schedule ${JSON.stringify(name)}`,
      task,
    )
  }
  const { runId } = (await schedules.trigger(name, options)) as { runId: string }
  const untilMs = time.nowMs + MOST_MS
  for (;;) {
    await stepper.settle()
    const record = parts.records.lastOf(runId)
    if (record && record.outcome !== 'running' && record.reason !== 'retrying') return record
    if (callForward(parts, runId)) continue
    if (!(await stepper.step(untilMs))) throw wrongState(`fire: run ${runId} does not come to its end`, runId)
  }
}

/** Has a run that waits for its next attempt start now; says whether one waited. */
function callForward({ store, time, prefix }: FireParts, runId: string): boolean {
  const tags = [...store.database(0).keys()].filter((key) => key.startsWith(`{${prefix}`) && key.endsWith(':pending'))
  for (const key of tags) {
    const pending = store.database(0).read(key, 'zset')?.sorted
    const at = pending?.scoreOf(runId)
    if (at === undefined || at <= time.nowMs) continue
    pending!.set(runId, time.nowMs)
    store.publish(key.replace(/:pending$/, ':wake'), `head ${Math.floor(time.nowMs)} 1`, 'channel')
    return true
  }
  return false
}

function wrongState(message: string, value: unknown): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_STATE', message, { value })
}
