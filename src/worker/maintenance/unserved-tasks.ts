import type { Emit } from '../../events/events.js'
import type { Task } from '../run/task.js'

/** The waiting work of one task queue. */
export interface WaitingWork {
  readonly pool: string
  readonly task: string
  /** Number of waiting occurrences and runs. */
  readonly count: number
  /** Name of the waiting schedule that has been due for the longest time. */
  readonly schedule: string
}

/** Reads the parked work of a shard and the task queues that the fleet serves. */
export interface TaskQueueReader {
  /** The task queues of the shard with work that is due since before the instant, epoch ms. */
  overdue(beforeMs: number): Promise<readonly WaitingWork[]>
  /** The task queues of all live workers, each as {@link queueName} gives it. */
  served(nowMs: number): Promise<ReadonlySet<string>>
}

/** The parts of a worker that the search for unserved tasks needs. */
export interface UnservedTasksOptions {
  readonly reader: TaskQueueReader
  readonly pool: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

/**
 * Waiting time of work before the search for a worker with its task, ms: a deployment needs time to replace workers.
 */
const WAIT_MS = 10_000

/** The name of a task queue, from the pool and the task of a schedule. */
export function queueName(pool: string, task: string): string {
  return `${pool}\n${task}`
}

/** Finds work on a shard whose task no live worker has, and reports each task queue once as long as its work waits. */
export class UnservedTasks {
  readonly #options: UnservedTasksOptions
  /** Reported task queues that still have waiting work. */
  readonly #reported = new Set<string>()
  #isChecking = false

  constructor(options: UnservedTasksOptions) {
    this.#options = options
  }

  /** Records that nothing waits on the shard. */
  forget(): void {
    this.#reported.clear()
  }

  /** Searches the waiting work of the shard. Never rejects; at most one search is in progress. */
  async check(nowMs: number): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    try {
      await this.#look(nowMs)
      this.#options.onSuccess()
    } catch (error) {
      this.#options.onError(error)
    } finally {
      this.#isChecking = false
    }
  }

  async #look(nowMs: number): Promise<void> {
    const { reader, pool: ownPool, tasks, emit } = this.#options
    const waiting = await reader.overdue(nowMs - WAIT_MS)
    const names = new Set(waiting.map(({ pool, task }) => queueName(pool, task)))
    for (const name of this.#reported) if (!names.has(name)) this.#reported.delete(name)
    const isOwn = ({ pool, task }: WaitingWork) => pool === ownPool && tasks.has(task)
    const unknown = waiting.filter((work) => !isOwn(work) && !this.#reported.has(queueName(work.pool, work.task)))
    if (unknown.length === 0) return
    const served = await reader.served(nowMs)
    for (const work of unknown) {
      const name = queueName(work.pool, work.task)
      if (served.has(name)) continue
      this.#reported.add(name)
      emit('task:unserved', { ...work })
    }
  }
}
