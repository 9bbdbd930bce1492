import type { Everybeat, FleetFigures, ScheduleView } from '../index.js'

/** The figures of the fleet at one moment. */
export interface FleetReading {
  readonly figures: FleetFigures
  /** Only with `perSchedule`. */
  readonly schedules: readonly ScheduleReading[]
}

/** One schedule of `perSchedule`. */
export interface ScheduleReading {
  readonly name: string
  readonly next: Date | null
  readonly failures: number
  /** Epoch s; undefined when no success is known. */
  readonly lastSuccessSeconds: number | undefined
}

/** Time for which a reading serves scrapes, ms. */
const KEPT_MS = 5_000
/** Longest wait of a scrape for Redis, ms: the metrics of this process are served without Redis too. */
const WAIT_MS = 2_000
const MOST_SCHEDULES = 500
const HISTORY_COUNT = 10

/** Reads the fleet for scrapes: at most every 5 s, once for all gauges, and never without a scrape. */
export class FleetReader {
  readonly #beat: Everybeat
  readonly #perSchedule: boolean
  readonly #onFailure: () => void
  /** The last known success of each schedule of the last reading, epoch s. */
  #successes = new Map<string, number>()
  /** The last reading; null when it failed. */
  #reading: Promise<FleetReading | null> | null = null
  /** When the last reading began, on the monotonic clock, ms. */
  #begunAt = -Infinity
  /** Whether the last reading is in progress. */
  #isReading = false

  constructor(beat: Everybeat, perSchedule: boolean, onFailure: () => void) {
    this.#beat = beat
    this.#perSchedule = perSchedule
    this.#onFailure = onFailure
  }

  /** The figures of the fleet; null when Redis does not answer within 2 s. Never rejects. */
  async read(): Promise<FleetReading | null> {
    const now = performance.now()
    if (!this.#reading || (!this.#isReading && now - this.#begunAt >= KEPT_MS)) {
      this.#begunAt = now
      this.#isReading = true
      this.#reading = this.#readOrFail()
    }
    return await within(this.#reading, WAIT_MS)
  }

  async #readOrFail(): Promise<FleetReading | null> {
    try {
      return await this.#readFleet()
    } catch {
      this.#onFailure()
      return null
    } finally {
      this.#isReading = false
    }
  }

  async #readFleet(): Promise<FleetReading> {
    const [figures, schedules] = await Promise.all([
      this.#beat.figures(),
      this.#perSchedule ? this.#readSchedules() : [],
    ])
    return { figures, schedules }
  }

  async #readSchedules(): Promise<ScheduleReading[]> {
    const page = await this.#beat.schedules.list({ limit: MOST_SCHEDULES })
    const readings = await Promise.all(page.map((view) => this.#readSchedule(view)))
    this.#successes = new Map(
      readings.flatMap(({ name, lastSuccessSeconds: at }) => (at === undefined ? [] : [[name, at]])),
    )
    return readings
  }

  async #readSchedule({ name, next, failures = 0 }: ScheduleView): Promise<ScheduleReading> {
    const history = await this.#beat.schedules.history(name, { limit: HISTORY_COUNT })
    const success = history.find(({ outcome }) => outcome === 'ok')
    const endedMs = success && (success.startedAt ?? success.scheduledAt).getTime() + (success.durationMs ?? 0)
    const lastSuccessSeconds = endedMs === undefined ? this.#successes.get(name) : endedMs / 1_000
    return { name, next, failures, lastSuccessSeconds }
  }
}

async function within<Value>(promise: Promise<Value>, waitMs: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), waitMs)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
