import type { ScheduleView } from '../index.js'
import { findChanges, isSameRow, toRow, type CatalogueChange, type CatalogueRow } from './catalogue-row.js'
import { summarize, type CatalogueSummary } from './catalogue-summary.js'
import type { FleetSource } from './fleet-source.js'
import type { Traffic } from './traffic.js'

const PAGE = 200
/** Up to this number of schedules, a question waits for a new reading. */
const FEW = 2_000
const FRESH_MS = 500
/** Pause between two pages of a long reading, ms. */
const PAUSE_MS = 10
/** Pause between two readings, in multiples of the time that a reading takes. */
const REST_FACTOR = 4
const LEAST_REST_MS = 5_000

/**
 * An index of all schedules in this process, read page by page in the background while a browser asks, so that a search
 * over a hundred thousand of them reads nothing from Redis. Each announced edit updates its row. Values that runs change may be
 * some seconds old, with a hundred thousand schedules about a minute; pages show fresh rows.
 * No question waits for a reading of many schedules: the answer holds the rows read so far, and says that others are missing.
 */
export class Catalogue {
  readonly #source: FleetSource
  readonly #traffic: Traffic
  readonly #now: () => number
  /** The rows of the last reading, with later changes. */
  #rows = new Map<string, CatalogueRow>()
  /** Grows whenever a row changes, so that results for an older version are not used. */
  #version = 0
  /** The summary of one version of the index, kept until the index changes. */
  #summary: { readonly version: number; readonly summary: CatalogueSummary } | null = null
  /** Rows that changed during the present reading, which may have read their former values. */
  readonly #taken = new Map<string, CatalogueRow | null>()
  #isComplete = false
  /** When the last reading ended, epoch ms. */
  #readAt = Number.NEGATIVE_INFINITY
  /** Whether the present reading is out of date before its end. */
  #isExpired = false
  /** How long the last reading took, ms. */
  #tookMs = 0
  /** The present reading; null between readings. */
  #reading: Promise<void> | null = null
  /** Whether the present reading is one of few schedules; known a moment after its begin. */
  #isShort: Promise<boolean> = Promise.resolve(true)
  /** Called with the changes that a reading finds. */
  #listener: ((changes: readonly CatalogueChange[]) => void) | null = null
  /** Called at each question. */
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

  /** Whether the schedules are so few that every question waits for a new reading. */
  get isSmall(): boolean {
    return this.#isComplete && this.#rows.size <= FEW
  }

  get rows(): ReadonlyMap<string, CatalogueRow> {
    return this.#rows
  }

  /** The summary of the rows; kept until a row changes. */
  get summary(): CatalogueSummary {
    if (this.#summary?.version !== this.#version) {
      this.#summary = { version: this.#version, summary: summarize(this.#rows.values()) }
    }
    return this.#summary.summary
  }

  /** Whether a listener is called with changes. */
  get isHeard(): boolean {
    return this.#listener !== null
  }

  /** Calls a function at each question. */
  onAsked(listener: () => void): void {
    this.#onAsked = listener
  }

  /** Calls a function with the changes that each later reading finds; null stops that. */
  listen(listener: ((changes: readonly CatalogueChange[]) => void) | null): void {
    this.#listener = listener
  }

  /** Makes the rows fresh enough for a question: a new reading for few schedules, the known rows for many. */
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
        // The present reading may have read an older row.
        this.#taken.set(name, after)
        continue
      }
      this.take(name, view)
      changes.push({ name, before, after })
    }
    if (changes.length > 0 && this.#isComplete) this.#listener?.(changes)
  }

  /** Makes the next question begin a new reading, whatever the age of the last one. */
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

  /** Lets requests be answered between two pages of a reading. */
  async #giveWay(): Promise<void> {
    await new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS).unref())
    await this.#traffic.quiet()
  }
}
