import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoWorker, WorkerMessage } from './workers.js'
import type { DemoOutput } from './output.js'
import type { HandlerStart } from './verdict.js'

/** Records the messages of the workers for the verdict, and passes them on to the output. */
export interface DemoRecord {
  readonly starts: readonly HandlerStart[]
  /** The ids of the workers whose processes were killed. */
  readonly killed: ReadonlySet<string>
  add(member: DemoWorker, message: WorkerMessage): void
  /** Resolves with the worker that executes a run of the schedule, as soon as a run starts. */
  waitForRunOf(schedule: string, signal: AbortSignal): Promise<DemoWorker>
  /** Records that a worker was killed: its started runs may start again on another worker. */
  noteKilled(member: DemoWorker): void
}

/** Creates an empty record; `noteOf` gives the remark on the runs of a schedule. */
export function createRecord(output: DemoOutput, noteOf: (schedule: string) => string | undefined): DemoRecord {
  const starts: HandlerStart[] = []
  const killed = new Set<string>()
  const busy = new Map<string, { member: DemoWorker; schedule: string }>()
  const memberOf = new Map<string, DemoWorker>()

  function describe({ schedule, scheduledAt }: HandlerStart): string | undefined {
    const former = starts.find((start) => start.schedule === schedule && start.scheduledAt === scheduledAt)
    if (former === undefined) return noteOf(schedule)
    return `${killed.has(former.worker) ? 'taken over from' : 'again, after'} ${memberOf.get(former.worker)?.label}`
  }

  return {
    starts,
    killed,
    add(member, message) {
      const { schedule, scheduledAt, worker } = message
      const run = `${worker} ${scheduledAt} ${schedule}`
      memberOf.set(worker, member)
      if (message.kind === 'ended') return void busy.delete(run)
      output.showRun(member, message, describe(message))
      starts.push({ schedule, scheduledAt, worker })
      busy.set(run, { member, schedule })
    },
    async waitForRunOf(schedule, signal) {
      for (;;) {
        for (const run of busy.values()) if (run.schedule === schedule) return run.member
        await sleep(10, undefined, { signal })
      }
    },
    noteKilled(member) {
      for (const [worker, each] of memberOf) if (each === member) killed.add(worker)
      for (const [run, each] of busy) if (each.member === member) busy.delete(run)
    },
  }
}
