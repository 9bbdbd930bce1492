import type { Everybeat, FleetFigures } from '../index.js'

/** A reading serves the collections of so long, ms. */
const KEPT_MS = 5_000
/** A collection waits for Redis for so long, ms. */
const WAIT_MS = 2_000

/** Reads the figures of the fleet when metrics are collected, at most every 5 s. */
export class FleetFiguresReader {
  readonly #beat: Everybeat
  readonly #onFailure: () => void
  /** The last reading that was begun; null when it failed. */
  #reading: Promise<FleetFigures | null> | null = null
  /** When it was begun, ms of the monotonic clock. */
  #begunAt = -Infinity
  /** Whether it is still under way. */
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
