import type { Everybeat, ScheduleView, WorkerView } from '../index.js'
import { ScheduleStates, type StateCounts } from './schedule-states.js'

/** How the fleet was at one moment. */
export interface FleetReading {
  readonly states: StateCounts
  /** Schedules that are due and not claimed, at most 500. */
  readonly dueCount: number
  /** How long the earliest of them has been due, s; 0 when none is. */
  readonly overdueSeconds: number
  /** Runs that wait, at most 1 000. */
  readonly pendingCount: number
  readonly workers: readonly WorkerView[]
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

/** A reading serves the scrapes of so long, ms. */
const KEPT_MS = 5_000
/** A scrape waits for Redis for so long, ms: the metrics of this process have to come also without Redis. */
const WAIT_MS = 2_000
const MOST_DUE = 500
const MOST_PENDING = 1_000
/** A schedule that cannot run may be listed before the first that is due. */
const LOOK_COUNT = 10
const MOST_SCHEDULES = 500
const HISTORY_COUNT = 10

/** Reads the fleet for scrapes: at most every 5 s, once however many gauges ask, and never when nobody does. */
export class FleetReader {
  readonly #beat: Everybeat
  readonly #perSchedule: boolean
  readonly #onFailure: () => void
  readonly #states = new ScheduleStates()
  /** The last success that each schedule of the last reading is known to have had, epoch s. */
  #successes = new Map<string, number>()
  /** The last reading that was begun; null when it failed. */
  #reading: Promise<FleetReading | null> | null = null
  /** When it was begun, ms of the monotonic clock. */
  #begunAt = -Infinity
  /** Whether it is still under way. */
  #isReading = false

  constructor(beat: Everybeat, perSchedule: boolean, onFailure: () => void) {
    this.#beat = beat
    this.#perSchedule = perSchedule
    this.#onFailure = onFailure
  }

  /** How the fleet is; null when Redis does not answer within 2 s. Never rejects. */
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
    const { schedules } = this.#beat
    const [states, due, waiting, workers, each] = await Promise.all([
      schedules.count().then((total) => this.#states.step(this.#beat, total)),
      this.#readDue(),
      schedules.runs({ state: 'waiting', limit: MOST_PENDING }),
      this.#beat.fleet(),
      this.#perSchedule ? this.#readSchedules() : [],
    ])
    return { states, ...due, pendingCount: waiting.length, workers, schedules: each }
  }

  async #readDue(): Promise<Pick<FleetReading, 'dueCount' | 'overdueSeconds'>> {
    const first = await this.#listDue(LOOK_COUNT)
    const due = first.length < LOOK_COUNT ? first : await this.#listDue(MOST_DUE)
    return { dueCount: due.length, overdueSeconds: Math.max(0, ...due) / 1_000 }
  }

  /** How long each schedule that is due has been so, ms, of so many that come next. */
  async #listDue(limit: number): Promise<number[]> {
    const page = await this.#beat.schedules.list({ order: 'next', limit })
    const nowMs = Date.now() - (this.#beat.health().skewMs ?? 0)
    return page.flatMap(({ next }) => (next !== null && next.getTime() <= nowMs ? [nowMs - next.getTime()] : []))
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
