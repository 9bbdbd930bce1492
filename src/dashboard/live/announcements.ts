import type { ScheduleWatch } from '../../index.js'
import type { Catalogue } from '../catalogue.js'
import type { FleetSource } from '../fleet-source.js'

/** Time without a question after which the subscription ends, ms. */
const IDLE_MS = 60_000
/** A subscription that is refused is tried again after this time, ms. */
const RETRY_MS = 30_000
/** Number of schedules that are read at the same time. */
const AT_ONCE = 50
/** Most edited schedules that wait to be read; beyond, all schedules are read instead. */
const MOST_WAITING = 2_000

/**
 * Updates the catalogue with the edits that the fleet announces: one read for each schedule. Subscribes only while
 * questions arrive.
 */
export class Announcements {
  readonly #source: FleetSource
  readonly #catalogue: Catalogue
  readonly #now: () => number
  /** The watch on the announcements of the fleet; null while no browser needs it. */
  #watch: Promise<ScheduleWatch | null> | null = null
  /** When the last question arrived, epoch ms. */
  #askedAt = 0
  /** When the server last refused a watch, epoch ms. */
  #refusedAt = Number.NEGATIVE_INFINITY
  /** Checks at intervals whether the watch may end. */
  #timer: NodeJS.Timeout | null = null
  /** Announced names that are not read yet. */
  readonly #waiting = new Set<string>()
  #isReading = false
  #isClosed = false

  constructor(parts: { source: FleetSource; catalogue: Catalogue; now: () => number }) {
    this.#source = parts.source
    this.#catalogue = parts.catalogue
    this.#now = parts.now
  }

  /** Called at each question: subscribes, or keeps the subscription for another while. */
  keep(): void {
    this.#askedAt = this.#now()
    if (this.#watch || this.#isClosed || this.#askedAt - this.#refusedAt < RETRY_MS) return
    this.#watch = this.#subscribe()
    this.#timer ??= setInterval(() => this.#restWhenIdle(), IDLE_MS / 4).unref()
  }

  /** Ends the subscription for good. */
  close(): void {
    this.#isClosed = true
    this.#rest()
  }

  async #subscribe(): Promise<ScheduleWatch | null> {
    try {
      const watch = await this.#source.watch({
        onChange: (names) => this.#onChange(names),
        onGap: () => this.#catalogue.expire(),
      })
      // Known rows may be older than the subscription; a present first reading has only just begun.
      if (this.#catalogue.isComplete) this.#catalogue.expire()
      return watch
    } catch {
      // The user may not subscribe, or Redis does not answer: the catalogue is then read at intervals.
      this.#refusedAt = this.#now()
      this.#watch = null
      return null
    }
  }

  #restWhenIdle(): void {
    if (this.#now() - this.#askedAt >= IDLE_MS) this.#rest()
  }

  #rest(): void {
    const watch = this.#watch
    this.#watch = null
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    void watch?.then((open) => open?.close())
  }

  #onChange(names: readonly string[]): void {
    for (const name of names) this.#waiting.add(name)
    if (this.#waiting.size > MOST_WAITING) {
      this.#waiting.clear()
      this.#catalogue.expire()
    }
    if (!this.#isReading) void this.#read()
  }

  async #read(): Promise<void> {
    this.#isReading = true
    try {
      while (this.#waiting.size > 0) {
        const names = [...this.#waiting].slice(0, AT_ONCE)
        // The name is removed before the reading, so that an edit during the reading is read once more.
        for (const name of names) this.#waiting.delete(name)
        const views = await Promise.all(names.map((name) => this.#source.get(name)))
        this.#catalogue.refresh(names.map((name, index) => [name, views[index]!]))
      }
    } catch {
      // Redis does not answer: the next reading of all schedules finds the announced edits.
      this.#catalogue.expire()
    } finally {
      this.#isReading = false
    }
  }
}
