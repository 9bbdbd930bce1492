import type { TimeSource } from '../../time-source.js'

/** Planning of this duration yields to the rest of the process before it continues, ms. */
const BUDGET_MS = 5

/** Keeps planning from blocking the event loop: after an outage there are many plans to make at once. */
export class PlanningPace {
  readonly #time: TimeSource
  /** When planning began in this turn of the event loop, on the monotonic clock, ms; null in a turn without planning. */
  #begunAt: number | null = null
  /** The end of the wait for the next turn; null when nothing waits. */
  #nextTurn: Promise<void> | null = null

  constructor(time: TimeSource) {
    this.#time = time
  }

  /** Resolves when a plan may be made; null when it may be made now. */
  whenFree(): Promise<void> | null {
    if (this.#nextTurn) return this.#nextTurn.then(() => this.whenFree() ?? undefined)
    const now = this.#time.monotonic()
    if (this.#begunAt === null) {
      this.#begunAt = now
      this.#time.setImmediate(() => (this.#begunAt = null))
    }
    if (now - this.#begunAt < BUDGET_MS) return null
    this.#nextTurn = new Promise((resolve) => {
      this.#time.setImmediate(() => {
        this.#nextTurn = null
        this.#begunAt = null
        resolve()
      })
    })
    return this.#nextTurn.then(() => this.whenFree() ?? undefined)
  }
}
