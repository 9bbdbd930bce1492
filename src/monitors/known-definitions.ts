import type { ScheduleView } from '../index.js'
import type { MonitorSchedule } from './event.js'

/** Most definitions that are kept. */
const MAX_KNOWN = 10_000

/** What is known of a schedule; null when it does not exist, or could not be read. */
export type Known = MonitorSchedule | null

/** The definitions of schedules, each of which is read once until it changes. */
export class KnownDefinitions {
  readonly #read: (schedule: string) => Promise<ScheduleView | null>
  /** The definitions, and the readings in progress, oldest first. */
  readonly #known = new Map<string, Known | Promise<Known>>()

  constructor(read: (schedule: string) => Promise<ScheduleView | null>) {
    this.#read = read
  }

  /** The definition of a schedule: at once when it is known, or else a promise that rejects when it cannot be read. */
  get(schedule: string): Known | Promise<Known> {
    const known = this.#known.get(schedule)
    if (known !== undefined) return known
    const reading = this.#readOnce(schedule)
    this.#known.set(schedule, reading)
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    // A definition that changed during the reading is read again for the next report.
    const keep = (known: Known): void => {
      if (this.#known.get(schedule) === reading) this.#known.set(schedule, known)
    }
    const forget = (): void => {
      if (this.#known.get(schedule) === reading) this.#known.delete(schedule)
    }
    reading.then(keep, forget)
    return reading
  }

  /** Forgets the definition of a schedule that has changed. */
  forget(schedule: string): void {
    this.#known.delete(schedule)
  }

  async #readOnce(schedule: string): Promise<Known> {
    const view = await this.#read(schedule)
    if (view === null) return null
    const { cron, every, tz, misfireGrace, timeout, tags } = view
    const fields = Object.entries({ cron, every, tz, misfireGrace, timeout, tags })
    // All reports about the schedule share it.
    return Object.freeze(Object.fromEntries(fields.filter(([, value]) => value !== undefined)))
  }
}
