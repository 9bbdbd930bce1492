import { EverybeatError } from '../../errors.js'
import { resolveTaskOptions, type TaskOptions } from '../../options/task-options.js'
import { DEFAULT_BACKOFF } from '../../schedule/backoff.js'
import { checkName } from '../../schedule/name.js'
import { preparePayload } from './prepare-payload.js'
import type { Handler, Task } from './task.js'

/** Most tasks of one instance: each claim names them all, and Lua unpacks a limited number of values. */
const MAX_TASKS = 1_000

/** The tasks of one instance. */
export class TaskRegistry {
  /** The tasks by name, in the order of their registration. */
  readonly tasks: ReadonlyMap<string, Task>
  readonly #tasks = new Map<string, Task>()
  /** Number of shards of the fleet, among which `maxConcurrent` is divided. */
  readonly #shardCount: number

  constructor(shardCount: number) {
    this.tasks = this.#tasks
    this.#shardCount = shardCount
  }

  /**
   * Registers a task.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` or `ERR_EVERYBEAT_OPTIONS`, also for a name that is registered already
   */
  register(name: string, input: TaskOptions, handler: Handler | undefined): void {
    checkName('task', name)
    const options = resolveTaskOptions(input, this.#shardCount)
    if (typeof handler !== 'function') {
      throw refusal('handler', `handler: task ${JSON.stringify(name)} needs a function`, handler)
    }
    if (this.#tasks.has(name)) throw refusal('task', `task ${JSON.stringify(name)} is registered already`, name)
    if (this.#tasks.size >= MAX_TASKS) {
      throw refusal('task', `task: at most ${MAX_TASKS} tasks can be registered; use more instances`, name)
    }
    const { retries, backoff } = options
    const task = { ...options, name, handler, retries: retries ?? 0, backoff: backoff ?? DEFAULT_BACKOFF }
    this.#tasks.set(name, task)
  }

  /**
   * Checks a payload before it is written, against the schema of its task, if this instance has registered the task.
   */
  async checkPayload(name: string, payload: unknown): Promise<void> {
    const task = this.#tasks.get(name)
    if (task?.schema) await preparePayload(task, payload)
  }
}

function refusal(field: string, message: string, value: unknown): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}
