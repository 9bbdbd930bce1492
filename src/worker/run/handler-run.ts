import type { ActiveRun } from './active-run.js'
import type { Run } from './task.js'

/**
 * The argument of a handler. Its signal is created when the handler reads it; a copy of the run (`{ ...run }`) has it
 * too.
 */
export class HandlerRun implements Run {
  readonly id: string
  readonly schedule: string
  readonly task: string
  readonly payload: unknown
  readonly scheduledAt: Date
  readonly startedAt: Date
  readonly attempt: number
  readonly fence: number
  readonly missed: number
  readonly catchUp: boolean
  readonly manual: boolean
  declare readonly signal: AbortSignal
  readonly worker: string
  readonly #active: ActiveRun

  // All runs share one accessor: with an accessor each, every run would have another object shape, which is slow and
  // large.
  static readonly #signal: PropertyDescriptor & ThisType<HandlerRun> = {
    enumerable: true,
    get() {
      return this.#active.signal
    },
  }

  constructor(workerId: string, active: ActiveRun, payload: unknown, startedAtMs: number) {
    const { claimed } = active
    this.id = claimed.runId
    this.schedule = claimed.schedule
    this.task = active.task
    this.payload = payload
    this.scheduledAt = new Date(claimed.nominalMs)
    this.startedAt = new Date(startedAtMs)
    this.attempt = claimed.attempt
    this.fence = claimed.fence
    this.missed = claimed.missed
    this.catchUp = claimed.catchUp
    this.manual = claimed.kind === 'manual'
    this.worker = workerId
    this.#active = active
    Object.defineProperty(this, 'signal', HandlerRun.#signal)
  }
}
