import { EverybeatError } from '../../errors.js'
import type { Schedules } from '../../index.js'
import type { MemoryStore } from '../../memory/index.js'
import type { RunRecord, RunRecords } from './run-records.js'
import type { Stepper } from './stepper.js'
import type { VirtualTime } from './virtual-time.js'

/** Longest duration of a run, virtual ms. */
const MOST_MS = 30 * 86_400_000

/** The parts of a fleet that a manual run needs. */
export interface FireParts {
  readonly stepper: Stepper
  readonly store: MemoryStore
  readonly time: VirtualTime
  readonly records: RunRecords
  readonly schedules: Schedules
  /** The tasks that the workers have registered. */
  readonly tasks: ReadonlySet<string>
  readonly prefix: string
}

/** Runs a schedule once, now, with retries at once, and gives the end of the run. */
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

/** Starts the next attempt of a waiting run now. @returns whether the run waited */
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
