import type { TimeSource } from '../../time-source.js'

/** Planning of this duration yields to the rest of the process before it continues, ms. */
const BUDGET_MS = 5

/** Keeps planning from blocking the event loop: after an outage there are many plans to make at once. */
export class PlanningPace {
  readonly #time: TimeSource
  /** When planning began in this turn of the event loop, on the monotonic clock, ms; null in a turn without planning. */
  #begunAt: number | null = null

  constructor(time: TimeSource) {
    this.#time = time
  }

  /**
   * Calls `plan`: at once, or in a later turn of the event loop when the planning of this turn has taken its time.
   *
   * @returns what `plan` returns
   * @throws what `plan` throws
   */
  async run<Result>(plan: () => Result): Promise<Result> {
    while (this.#isSpent()) await new Promise<void>((resolve) => void this.#time.setImmediate(resolve))
    if (this.#begunAt === null) {
      this.#begunAt = this.#time.monotonic()
      this.#time.setImmediate(() => (this.#begunAt = null))
    }
    return plan()
  }

  #isSpent(): boolean {
    return this.#begunAt !== null && this.#time.monotonic() - this.#begunAt >= BUDGET_MS
  }
}
