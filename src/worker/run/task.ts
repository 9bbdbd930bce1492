import type { StandardSchema } from '../../options/task-options.js'
import type { Backoff } from '../../schedule/definition.js'

/** What a handler gets: one execution of an occurrence. */
export interface Run<Payload = unknown> {
  /** The same across attempts and deliveries of an occurrence. */
  readonly id: string
  /** Name of the schedule; of a run of `handle.run()`, a name that was made for it. */
  readonly schedule: string
  /** Name of the task. */
  readonly task: string
  /** The payload as it arrives from JSON, or as the schema of the task returns it; `null` for none. */
  readonly payload: Payload
  /** The nominal instant of the occurrence. */
  readonly scheduledAt: Date
  /** When this attempt began, by Redis's clock. */
  readonly startedAt: Date
  /** From 1; grows with each retry. */
  readonly attempt: number
  /** Fencing token: a later run of the schedule always has a greater one. */
  readonly fence: number
  /** Missed occurrences that this run makes up for beyond its own. */
  readonly missed: number
  /** Whether the occurrence was missed, and this run makes up for it. */
  readonly catchUp: boolean
  /** Whether a person or a program asked for this run. */
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
