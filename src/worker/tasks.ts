import type { StandardSchema } from '../task-options.js'
import type { Backoff } from '../schedule/definition.js'

/** What a handler gets: one execution of an occurrence. */
export interface Run<Payload = unknown> {
  /** The same across attempts and deliveries of an occurrence. */
  readonly id: string
  readonly schedule: string
  readonly task: string
  readonly payload: Payload
  /** The nominal instant of the occurrence. */
  readonly scheduledAt: Date
  /** When this attempt began, by Redis's clock. */
  readonly startedAt: Date
  /** From 1; grows with each retry. */
  readonly attempt: number
  /** Fencing token: a later run of the schedule always has a greater one. */
  readonly fence: number
  /** Missed occurrences that this run stands for beyond itself. */
  readonly missed: number
  /** Whether the occurrence was missed and is made up for. */
  readonly catchUp: boolean
  /** Whether somebody asked for this run by hand. */
  readonly manual: boolean
  /** Aborts on timeout, lost lease, `replace`, cancel and shutdown; `signal.reason` is an {@link EverybeatError}. */
  readonly signal: AbortSignal
  /** The id of the worker that runs it. */
  readonly worker: string
}

/** Does the work of a task. What it returns (JSON, bounded) is kept as the run's result. */
export type Handler<Payload = unknown> = (run: Run<Payload>) => unknown

/** A task as a worker holds it: checked, complete. */
export interface Task {
  readonly name: string
  readonly handler: Handler
  readonly schema: StandardSchema | null
  /** Runs at the same time on this worker; null for no bound but the worker's own. */
  readonly concurrency: number | null
  /** Runs at the same time in the whole fleet; null for no bound. */
  readonly maxConcurrent: number | null
  readonly timeoutMs: number | null
  readonly retries: number
  readonly backoff: Backoff
}

/** How many runs go now, in all and per task: what a claim may take. */
export interface Slots {
  take(task: string): void
  free(task: string): void
  readonly taken: number
  readonly available: number
  /** How many more runs of this task may go now. */
  roomFor(task: Pick<Task, 'name' | 'concurrency'>): number
  /** Resolves when nothing is taken. */
  whenIdle(): Promise<void>
}

/** Creates the slots of a worker. `onFree` is told each time one comes free, and of which task. */
export function createSlots(concurrency: number, onFree: (task: string) => void): Slots {
  const perTask = new Map<string, number>()
  let taken = 0
  let waiters: (() => void)[] = []
  return {
    take(task) {
      taken += 1
      perTask.set(task, (perTask.get(task) ?? 0) + 1)
    },
    free(task) {
      taken -= 1
      const left = (perTask.get(task) ?? 1) - 1
      if (left === 0) perTask.delete(task)
      else perTask.set(task, left)
      onFree(task)
      if (taken > 0) return
      for (const resolve of waiters) resolve()
      waiters = []
    },
    get taken() {
      return taken
    },
    get available() {
      return Math.max(0, concurrency - taken)
    },
    roomFor({ name, concurrency: most }) {
      const left = Math.max(0, concurrency - taken)
      return most === null ? left : Math.max(0, Math.min(left, most - (perTask.get(name) ?? 0)))
    },
    whenIdle: () => (taken === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  }
}
