import type { StandardSchema } from '../../options/task-options.js'
import type { Backoff } from '../../schedule/definition.js'

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

/** What one claim under way may take at most: nobody else of this worker takes it meanwhile. */
export interface Hold {
  readonly slots: number
  /** How many runs of a task that is bounded on this worker, or of any other, the claim may bring. */
  roomFor(task: Pick<Task, 'name' | 'concurrency'>): number
  /** Gives back what was held; what the claim brought has been taken before. */
  release(): void
}

/** How many runs go now, in all and per task: what a claim may take. */
export interface Slots {
  take(task: string): void
  free(task: string): void
  /** The most runs at the same time. */
  readonly concurrency: number
  readonly taken: number
  /** Neither taken nor held. */
  readonly available: number
  /** Holds what a claim may take: no more than this loop's part of it while others of this worker claim too. */
  hold(tasks: Iterable<Pick<Task, 'name' | 'concurrency'>>): Hold
  /** Is called when a slot comes free, those who wait longest first; once for each call. */
  wait(resume: () => void): void
  /** While paused no slot is free, as if all were taken; what is taken stays so. */
  setPaused(paused: boolean): void
  /** Resolves when nothing is taken. */
  whenIdle(): Promise<void>
}

/**
 * Creates the slots of a worker that several loops share. `onFree` is told each time one comes free, and of which task.
 *
 * @param sharers how many loops there are: a claim holds its part only, so that none waits for the answer of another
 */
export function createSlots(concurrency: number, onFree: (task: string) => void, sharers = 1): Slots {
  const perTask = new Map<string, number>()
  const heldPerTask = new Map<string, number>()
  const queue = new Set<() => void>()
  let taken = 0
  let held = 0
  let holds = 0
  let isPaused = false
  let waiters: (() => void)[] = []

  const available = () => (isPaused ? 0 : Math.max(0, concurrency - taken - held))

  function serve(): void {
    for (const resume of queue) {
      if (available() === 0) return
      queue.delete(resume)
      resume()
    }
  }

  function hold(tasks: Iterable<Pick<Task, 'name' | 'concurrency'>>): Hold {
    const part = (count: number) => Math.ceil(count / Math.max(1, sharers - holds))
    const slots = part(available())
    const rooms = new Map<string, number>()
    for (const { name, concurrency: most } of tasks) {
      if (most === null) continue
      const left = Math.max(0, most - (perTask.get(name) ?? 0) - (heldPerTask.get(name) ?? 0))
      const room = Math.min(slots, part(left))
      rooms.set(name, room)
      heldPerTask.set(name, (heldPerTask.get(name) ?? 0) + room)
    }
    held += slots
    holds += 1
    return {
      slots,
      roomFor: ({ name }) => rooms.get(name) ?? slots,
      release() {
        held -= slots
        holds -= 1
        for (const [name, room] of rooms) heldPerTask.set(name, (heldPerTask.get(name) ?? 0) - room)
        // With one loop nobody was kept waiting by it.
        if (sharers > 1) for (const [name, room] of rooms) if (room > 0) onFree(name)
        serve()
      },
    }
  }

  return {
    concurrency,
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
      serve()
      if (taken > 0) return
      for (const resolve of waiters) resolve()
      waiters = []
    },
    get taken() {
      return taken
    },
    get available() {
      return available()
    },
    hold,
    wait: (resume) => void queue.add(resume),
    setPaused(paused) {
      isPaused = paused
      serve()
    },
    whenIdle: () => (taken === 0 ? Promise.resolve() : new Promise((resolve) => waiters.push(resolve))),
  }
}
