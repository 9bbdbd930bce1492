import type { Everybeat, FleetFigures } from '../index.js'

/** Time for which a reading serves collections, ms. */
const KEPT_MS = 5_000
/** Longest wait of a collection for Redis, ms. */
const WAIT_MS = 2_000

/** Reads the figures of the fleet when metrics are collected, at most every 5 s. */
export class FleetFiguresReader {
  readonly #beat: Everybeat
  readonly #onFailure: () => void
  /** The last reading; null when it failed. */
  #reading: Promise<FleetFigures | null> | null = null
  /** When the last reading began, on the monotonic clock, ms. */
  #begunAt = -Infinity
  /** Whether the last reading is in progress. */
  #isReading = false

  constructor(beat: Everybeat, onFailure: () => void) {
    this.#beat = beat
    this.#onFailure = onFailure
  }

  /** The figures; null when Redis does not answer within 2 s. Never rejects. */
  async read(): Promise<FleetFigures | null> {
    const now = performance.now()
    if (!this.#reading || (!this.#isReading && now - this.#begunAt >= KEPT_MS)) {
      this.#begunAt = now
      this.#isReading = true
      this.#reading = this.#readOrFail()
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), WAIT_MS)
    })
    return await Promise.race([this.#reading, late]).finally(() => clearTimeout(timer))
  }

  async #readOrFail(): Promise<FleetFigures | null> {
    try {
      return await this.#beat.figures()
    } catch {
      this.#onFailure()
      return null
    } finally {
      this.#isReading = false
    }
  }
}
