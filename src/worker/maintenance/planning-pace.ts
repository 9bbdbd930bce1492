import type { TimeSource } from '../../time-source.js'

/** Duration of planning after which the event loop runs before the planning continues, ms. */
const BUDGET_MS = 5

/** Keeps planning from blocking the event loop: after an outage many schedules have to be planned at once. */
export class PlanningPace {
  readonly #time: TimeSource
  /** When planning began in this turn of the event loop, on the monotonic clock, ms; null in a turn without planning. */
  #begunAt: number | null = null

  constructor(time: TimeSource) {
    this.#time = time
  }

  /**
   * Calls `plan` at once, or in a later turn of the event loop when planning has used up its time in this turn.
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
