import type { StandardSchema } from '../../options/task-options.js'
import type { Backoff } from '../../schedule/definition.js'

/** One execution of an occurrence: the argument of a handler. */
export interface Run<Payload = unknown> {
  /** Id of the run, the same across its attempts and deliveries. */
  readonly id: string
  /** Name of the schedule; a generated name for a run of `handle.run()`. */
  readonly schedule: string
  /** Name of the task. */
  readonly task: string
  /** The payload: the parsed JSON, or the output of the schema of the task; `null` for none. */
  readonly payload: Payload
  /** The nominal instant of the occurrence. */
  readonly scheduledAt: Date
  /** When this attempt began, by Redis's clock. */
  readonly startedAt: Date
  /** Number of the attempt, from 1; grows with each retry. */
  readonly attempt: number
  /** Fencing token: a later run of the schedule always has a greater one. */
  readonly fence: number
  /** Number of missed occurrences that this run makes up for, without its own. */
  readonly missed: number
  /** Whether the occurrence was missed, and this run makes up for it. */
  readonly catchUp: boolean
  /** Whether a person or a program asked for this run. */
  readonly manual: boolean
  /**
   * Aborts on a timeout, a lost lease, a replacement, a cancellation and a stop of the worker; `signal.reason` is an
   * {@link EverybeatError}.
   */
  readonly signal: AbortSignal
  /** Id of the worker that executes the run. */
  readonly worker: string
}

/** Does the work of a task. The returned value, as JSON of bounded length, is stored as the result of the run. */
export type Handler<Payload = unknown> = (run: Run<Payload>) => unknown

/** A registered task with checked and complete options. */
export interface Task {
  readonly name: string
  readonly handler: Handler
  readonly schema: StandardSchema | null
  /** Most runs at the same time on this worker; null: only the bound of the worker. */
  readonly concurrency: number | null
  /** Most runs at the same time in the whole fleet; null for no bound. */
  readonly maxConcurrent: number | null
  readonly timeoutMs: number | null
  readonly retries: number
  readonly backoff: Backoff
}
