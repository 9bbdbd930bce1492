import type { RunTrace } from '../channels.js'
import type { ClaimedRun } from '../store.js'
import type { Run } from './task.js'

/** The message of `everybeat:run` about one call. A subscriber may say in which trace the run is at once, or later. */
export class TracedRun implements RunTrace {
  readonly run: Run
  readonly delivery: number
  readonly latenessMs: number
  readonly cron: string | null
  readonly cause: string | null
  /** The last value that a subscriber has set. */
  #traceparent: string | undefined
  /** Called with each new traceparent; null while other runs may wait for the start of this one. */
  #onTrace: ((traceparent: string) => void) | null = null

  constructor(run: Run, { delivery, traceparent, fields }: ClaimedRun, latenessMs: number) {
    this.run = run
    this.delivery = delivery
    this.latenessMs = latenessMs
    this.cron = fields.cron ?? null
    this.cause = traceparent
  }

  get traceparent(): string | undefined {
    return this.#traceparent
  }

  set traceparent(traceparent: string | undefined) {
    this.#traceparent = traceparent
    if (traceparent !== undefined) this.#onTrace?.(traceparent)
  }

  /** Called after the handler: calls `onTrace` with the present value, and with each later one. */
  tell(onTrace: (traceparent: string) => void): void {
    this.#onTrace = onTrace
    if (this.#traceparent !== undefined) onTrace(this.#traceparent)
  }
}
