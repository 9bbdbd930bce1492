import type { Emit } from '../../events/events.js'
import type { Task } from '../run/task.js'

/** Work of one task in one pool that waits for a worker. */
export interface WaitingWork {
  readonly pool: string
  readonly task: string
  /** How many occurrences and runs wait. */
  readonly count: number
  /** One of the schedules that wait, by name; the one that is due for the longest time. */
  readonly schedule: string
}

/** What is parked on a shard, and what the fleet can run. */
export interface TaskQueueReader {
  /** The task queues of the shard with work that is due since before the instant, epoch ms. */
  overdue(beforeMs: number): Promise<readonly WaitingWork[]>
  /** The task queues of all live workers, each as {@link queueName} gives it. */
  served(nowMs: number): Promise<ReadonlySet<string>>
}

/** What the search for unserved tasks needs of a worker. */
export interface UnservedTasksOptions {
  readonly reader: TaskQueueReader
  readonly pool: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

/** How long work waits before it is asked whether any worker has its task, ms: a deployment replaces workers. */
const WAIT_MS = 10_000

/** The name of a task queue: the task and the pool that a schedule asks for. */
export function queueName(pool: string, task: string): string {
  return `${pool}\n${task}`
}

/** Finds work on a shard whose task no live worker has, and tells of each task once for as long as its work waits. */
export class UnservedTasks {
  readonly #options: UnservedTasksOptions
  /** Task queues that were told of, as long as they have work that waits. */
  readonly #told = new Set<string>()
  #isChecking = false

  constructor(options: UnservedTasksOptions) {
    this.#options = options
  }

  /** Nothing waits on the shard. */
  forget(): void {
    this.#told.clear()
  }

  /** Looks at what waits on the shard. Never rejects; at most one look is under way. */
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
    for (const name of this.#told) if (!names.has(name)) this.#told.delete(name)
    const isOwn = ({ pool, task }: WaitingWork) => pool === ownPool && tasks.has(task)
    const unknown = waiting.filter((work) => !isOwn(work) && !this.#told.has(queueName(work.pool, work.task)))
    if (unknown.length === 0) return
    const served = await reader.served(nowMs)
    for (const work of unknown) {
      const name = queueName(work.pool, work.task)
      if (served.has(name)) continue
      this.#told.add(name)
      emit('task:unserved', { ...work })
    }
  }
}
