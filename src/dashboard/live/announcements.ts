import type { ScheduleWatch } from '../../index.js'
import type { Catalogue } from '../catalogue.js'
import type { FleetSource } from '../fleet-source.js'

/** The subscription ends when no question came for so long, ms. */
const IDLE_MS = 60_000
/** A subscription that is refused is tried again after this time, ms. */
const RETRY_MS = 30_000
/** Schedules that are read at once. */
const AT_ONCE = 50
/** Beyond so many edited schedules that wait to be read, all schedules are read instead. */
const MOST_WAITING = 2_000

/**
 * Takes edits that others make into the catalogue as the fleet announces them: one read for each schedule. Subscribes while
 * questions come, and only then.
 */
export class Announcements {
  readonly #source: FleetSource
  readonly #catalogue: Catalogue
  readonly #now: () => number
  /** The watch on the announcements of the fleet; null while no browser needs it. */
  #watch: Promise<ScheduleWatch | null> | null = null
  /** When the last question came, epoch ms. */
  #askedAt = 0
  /** When the server last refused a watch, epoch ms. */
  #refusedAt = Number.NEGATIVE_INFINITY
  /** Asks now and then whether the watch may end. */
  #timer: NodeJS.Timeout | null = null
  /** Names that were announced and are not read yet. */
  readonly #waiting = new Set<string>()
  #isReading = false
  #isClosed = false

  constructor(parts: { source: FleetSource; catalogue: Catalogue; now: () => number }) {
    this.#source = parts.source
    this.#catalogue = parts.catalogue
    this.#now = parts.now
  }

  /** A question came: announcements are heard from now on, for a while. */
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
      // What is known already may be older than the subscription; a first reading that goes has only just begun.
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
        // Before the reading: an edit that is announced meanwhile is read once more.
        for (const name of names) this.#waiting.delete(name)
        const views = await Promise.all(names.map((name) => this.#source.get(name)))
        this.#catalogue.refresh(names.map((name, index) => [name, views[index]!]))
      }
    } catch {
      // Redis is away: what was announced is found by the next reading of all.
      this.#catalogue.expire()
    } finally {
      this.#isReading = false
    }
  }
}
