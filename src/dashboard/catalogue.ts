import type { ScheduleView } from '../index.js'
import { findChanges, isSameRow, toRow, type CatalogueChange, type CatalogueRow } from './catalogue-row.js'
import { summarize, type CatalogueSummary } from './catalogue-summary.js'
import type { FleetSource } from './fleet-source.js'
import type { Traffic } from './traffic.js'

const PAGE = 200
/** Up to this number of schedules, a question waits for a new reading. */
const FEW = 2_000
const FRESH_MS = 500
/** Between two pages of a long reading, ms. */
const PAUSE_MS = 10
/** Pause between two readings, in multiples of the time that a reading takes. */
const REST_FACTOR = 4
const LEAST_REST_MS = 5_000

/**
 * An index of all schedules in this process, read page by page in the background while a browser asks, so that a search
 * over a hundred thousand of them reads nothing from Redis. Edits are taken in as they are announced. What runs change may be
 * some seconds old, with a hundred thousand schedules about a minute; pages show fresh rows.
 * No question waits for a reading of many schedules: the answer holds the rows read so far, and says that others are missing.
 */
export class Catalogue {
  readonly #source: FleetSource
  readonly #traffic: Traffic
  readonly #now: () => number
  /** The rows of the last reading, and what changed since. */
  #rows = new Map<string, CatalogueRow>()
  /** Grows whenever a row changes: what was computed from the rows is old then. */
  #version = 0
  /** The summary of one version of the index, kept until the index changes. */
  #summary: { readonly version: number; readonly summary: CatalogueSummary } | null = null
  /** What was taken in while a reading goes, which may have read it before. */
  readonly #taken = new Map<string, CatalogueRow | null>()
  #isComplete = false
  /** When the last reading ended, epoch ms. */
  #readAt = Number.NEGATIVE_INFINITY
  /** Whether what the reading that goes finds is old already. */
  #isExpired = false
  /** How long the last reading took, ms. */
  #tookMs = 0
  /** The reading that is under way. */
  #reading: Promise<void> | null = null
  /** Whether the reading that goes is one of few schedules; known a moment after it began. */
  #isShort: Promise<boolean> = Promise.resolve(true)
  /** Hears of what a reading found changed. */
  #listener: ((changes: readonly CatalogueChange[]) => void) | null = null
  /** Hears of each question. */
  #onAsked: () => void = () => {}

  constructor(source: FleetSource, traffic: Traffic, now: () => number) {
    this.#source = source
    this.#traffic = traffic
    this.#now = now
  }

  /** Whether every schedule was read at least once. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  get version(): number {
    return this.#version
  }

  /** Whether there are so few schedules that every question is answered from a new reading. */
  get isSmall(): boolean {
    return this.#isComplete && this.#rows.size <= FEW
  }

  get rows(): ReadonlyMap<string, CatalogueRow> {
    return this.#rows
  }

  /** The rows in sum; kept until a row changes. */
  get summary(): CatalogueSummary {
    if (this.#summary?.version !== this.#version) {
      this.#summary = { version: this.#version, summary: summarize(this.#rows.values()) }
    }
    return this.#summary.summary
  }

  /** Whether a listener hears of changes. */
  get isHeard(): boolean {
    return this.#listener !== null
  }

  /** Calls a function at each question. */
  onAsked(listener: () => void): void {
    this.#onAsked = listener
  }

  /** Calls a function with what each later reading finds changed; null stops that. */
  listen(listener: ((changes: readonly CatalogueChange[]) => void) | null): void {
    this.#listener = listener
  }

  /** Makes the rows as fresh as a question needs them: new for few schedules, what is known for many. */
  async prepare(): Promise<void> {
    this.#onAsked()
    const age = this.#now() - this.#readAt
    const restMs = Math.max(this.isSmall ? FRESH_MS : LEAST_REST_MS, this.#tookMs * REST_FACTOR)
    if (age >= restMs && !this.#reading) this.#begin()
    if (this.#reading && (await this.#isShort)) await this.#reading
  }

  /** Records the present view of a schedule; null: the schedule was removed. */
  take(name: string, view: ScheduleView | null): void {
    const row = view && toRow(view)
    if (row) this.#rows.set(name, row)
    else this.#rows.delete(name)
    this.#version += 1
    this.#taken.set(name, row)
  }

  /** Records the present views of schedules, and calls the listener with the differences. */
  refresh(entries: readonly (readonly [name: string, view: ScheduleView | null])[]): void {
    const changes: CatalogueChange[] = []
    for (const [name, view] of entries) {
      const before = this.#rows.get(name) ?? null
      const after = view && toRow(view)
      if (before === after || (before && after && isSameRow(before, after))) {
        // A reading under way may have read an older row.
        this.#taken.set(name, after)
        continue
      }
      this.take(name, view)
      changes.push({ name, before, after })
    }
    if (changes.length > 0 && this.#isComplete) this.#listener?.(changes)
  }

  /** The next question begins a new reading, however long ago the last one was. */
  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
    this.#isExpired = this.#reading !== null
  }

  #begin(): void {
    const startedAt = this.#now()
    this.#isShort = this.#source.count().then((count) => count !== null && count <= FEW && this.#rows.size <= FEW)
    this.#reading = this.#read()
      .then(() => {
        this.#isComplete = true
        this.#tookMs = this.#now() - startedAt
      })
      .finally(() => {
        this.#readAt = this.#isExpired ? Number.NEGATIVE_INFINITY : this.#now()
        this.#isExpired = false
        this.#reading = null
      })
    // A question that waits for the reading rejects with its error; without a question the rejection is unhandled.
    this.#isShort.catch(() => {})
    this.#reading.catch(() => {})
  }

  async #read(): Promise<void> {
    const rows = new Map<string, CatalogueRow>()
    this.#taken.clear()
    let cursor: string | null = null
    do {
      const page = await this.#source.page(PAGE, cursor)
      for (const view of page) {
        const row = toRow(view)
        rows.set(view.name, row)
        // During the first reading, pages show each row as soon as it is read.
        if (!this.#isComplete) this.#rows.set(view.name, row)
      }
      cursor = page.cursor
      if (rows.size > FEW) await this.#giveWay()
      if (!this.#isComplete) this.#version += 1
    } while (cursor !== null)
    for (const [name, row] of this.#taken) {
      if (row) rows.set(name, row)
      else rows.delete(name)
    }
    const changes = this.#isComplete && this.#listener ? findChanges(this.#rows, rows) : []
    this.#rows = rows
    this.#version += 1
    if (changes.length > 0) this.#listener?.(changes)
  }

  /** A request that comes meanwhile does not stand behind the whole reading. */
  async #giveWay(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS).unref())
    await this.#traffic.quiet()
  }
}
