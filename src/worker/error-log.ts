import { toErrorData, type Emit } from '../events/events.js'
import type { TimeSource } from '../time-source.js'

/** Most different messages of one fault that are reported. */
const MAX_MESSAGES = 5

interface Fault {
  /** When the fault began, on the monotonic clock, ms. */
  readonly since: number
  readonly messages: Set<string>
  count: number
}

/** Reports errors that repeat until their cause ends: each message of a fault once, and the end of the fault. */
export class ErrorLog {
  readonly #emit: Emit
  readonly #time: TimeSource
  /** Faults that have not ended, by the operation that fails. */
  readonly #faults = new Map<string, Fault>()

  constructor(emit: Emit, time: TimeSource) {
    this.#emit = emit
    this.#time = time
  }

  /** Records that an operation failed: `claim`, `settle`, `heartbeat`, … */
  onError(context: string, error: unknown): void {
    const data = toErrorData(error)
    const fault = this.#faults.get(context) ?? { since: this.#time.monotonic(), messages: new Set(), count: 0 }
    this.#faults.set(context, fault)
    fault.count += 1
    if (fault.messages.has(data.message) || fault.messages.size >= MAX_MESSAGES) return
    fault.messages.add(data.message)
    this.#emit('error', { ...data, context })
  }

  /**
   * Records that an operation succeeded, which ends its fault, if it had one. The end of a single error is not
   * reported.
   */
  onSuccess(context: string): void {
    if (this.#faults.size === 0) return
    const fault = this.#faults.get(context)
    if (!fault) return
    this.#faults.delete(context)
    if (fault.count === 1) return
    const downMs = Math.round(this.#time.monotonic() - fault.since)
    const message = `works again after ${fault.count} errors in ${downMs} ms`
    this.#emit('error', { name: 'Recovered', message, context, recoveredAfterMs: downMs })
  }
}
