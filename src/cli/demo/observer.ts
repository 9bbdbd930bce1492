import { setTimeout as sleep } from 'node:timers/promises'
import type { CrewMember, WorkerMessage } from './crew.js'
import type { Story } from './story.js'
import type { HandlerStart } from './verdict.js'

/** Hears what the workers tell, passes it on to the story, and keeps what a verdict needs. */
export interface Observer {
  readonly starts: readonly HandlerStart[]
  /** The ids of the workers whose processes were killed. */
  readonly killed: ReadonlySet<string>
  hear(member: CrewMember, message: WorkerMessage): void
  /** The member that is in the middle of a run of the schedule, as soon as there is one. */
  whoIsBusyWith(schedule: string, signal: AbortSignal): Promise<CrewMember>
  /** From now on what this member had begun may begin again elsewhere. */
  noteKilled(member: CrewMember): void
}

/** Makes an observer; `noteOf` says what is special about the runs of a schedule, for people. */
export function createObserver(story: Story, noteOf: (schedule: string) => string | undefined): Observer {
  const starts: HandlerStart[] = []
  const killed = new Set<string>()
  const busy = new Map<string, { member: CrewMember; schedule: string }>()
  const memberOf = new Map<string, CrewMember>()

  function describe({ schedule, scheduledAt }: HandlerStart): string | undefined {
    const former = starts.find((start) => start.schedule === schedule && start.scheduledAt === scheduledAt)
    if (former === undefined) return noteOf(schedule)
    return `${killed.has(former.worker) ? 'taken over from' : 'again, after'} ${memberOf.get(former.worker)?.label}`
  }

  return {
    starts,
    killed,
    hear(member, message) {
      const { schedule, scheduledAt, worker } = message
      const run = `${worker} ${scheduledAt} ${schedule}`
      memberOf.set(worker, member)
      if (message.kind === 'ended') return void busy.delete(run)
      story.ran(member, message, describe(message))
      starts.push({ schedule, scheduledAt, worker })
      busy.set(run, { member, schedule })
    },
    async whoIsBusyWith(schedule, signal) {
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
