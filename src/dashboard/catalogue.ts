import type { ScheduleState, ScheduleView } from '../index.js'
import type { FleetSource } from './fleet-source.js'
import { triggerOf, type TriggerGroup } from './trigger-group.js'

/** What the catalogue keeps of a schedule: enough to search, filter, sort and count. */
export interface CatalogueRow {
  readonly name: string
  readonly task: string
  readonly pool: string
  readonly owner: string | null
  readonly tags: readonly string[]
  readonly state: ScheduleState
  readonly nextMs: number | null
  readonly lastMs: number | null
  readonly failures: number
  readonly revision: number
  readonly error: string | null
  /** The fields in which it differs from what code declares. */
  readonly differs: readonly string[]
  readonly trigger: TriggerGroup | null
}

/** What a reading found of a schedule: `before` null for a new one, `after` null for one that is gone. */
export interface CatalogueChange {
  readonly name: string
  readonly before: CatalogueRow | null
  readonly after: CatalogueRow | null
}

const PAGE = 200
/** So few schedules are read anew for a question. */
const FEW = 2_000
const FRESH_MS = 500
/** Between two pages of a long reading, ms. */
const PAUSE_MS = 10
/** A question waits so long for the first reading of many schedules, ms. */
const PATIENCE_MS = 200
/** Between readings there is so many times the time that one takes. */
const REST_FACTOR = 15
const LEAST_REST_MS = 5_000

/**
 * An index of all schedules in this process, read page by page in the background while somebody asks, so that a search
 * over a hundred thousand of them reads nothing from Redis. What it says may be some seconds old; pages show fresh rows.
 */
export class Catalogue {
  readonly #source: FleetSource
  readonly #now: () => number
  /** The rows of the last reading, and what changed since. */
  #rows = new Map<string, CatalogueRow>()
  /** Grows whenever a row changes: what was computed from the rows is old then. */
  #version = 0
  /** What was taken in while a reading goes, which may have read it before. */
  readonly #taken = new Map<string, CatalogueRow | null>()
  #isComplete = false
  #readAt = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #reading: Promise<void> | null = null
  /** Hears of what a reading found changed. */
  #listener: ((changes: readonly CatalogueChange[]) => void) | null = null

  constructor(source: FleetSource, now: () => number) {
    this.#source = source
    this.#now = now
  }

  /** Whether every schedule was read at least once. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  get version(): number {
    return this.#version
  }

  get rows(): ReadonlyMap<string, CatalogueRow> {
    return this.#rows
  }

  /** Calls a function with what each later reading finds changed; null stops that. */
  listen(listener: ((changes: readonly CatalogueChange[]) => void) | null): void {
    this.#listener = listener
  }

  /** Makes the rows as fresh as a question needs them: new for few schedules, what is known for many. */
  async prepare(): Promise<void> {
    const age = this.#now() - this.#readAt
    const isSmall = this.#isComplete && this.#rows.size <= FEW
    const restMs = Math.max(isSmall ? FRESH_MS : LEAST_REST_MS, this.#tookMs * REST_FACTOR)
    if (age >= restMs && !this.#reading) this.#begin()
    if (!this.#reading) return
    if (isSmall) await this.#reading
    else if (!this.#isComplete) await Promise.race([this.#reading, rest(PATIENCE_MS)])
  }

  /** Waits until every schedule was read at least once. */
  async complete(): Promise<void> {
    if (this.#isComplete) return
    if (!this.#reading) this.#begin()
    await this.#reading
  }

  /** Takes in how some schedules are now; one that is null is gone. */
  take(name: string, view: ScheduleView | null): void {
    const row = view && toRow(view)
    if (row) this.#rows.set(name, row)
    else this.#rows.delete(name)
    this.#version += 1
    this.#taken.set(name, row)
  }

  #begin(): void {
    const startedAt = this.#now()
    this.#reading = this.#read()
      .then(() => {
        this.#isComplete = true
        this.#tookMs = this.#now() - startedAt
      })
      .finally(() => {
        this.#readAt = this.#now()
        this.#reading = null
      })
    // Who waits for it is told of a failure; nobody may.
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
        // The first time what is there is shown as it comes.
        if (!this.#isComplete) this.#rows.set(view.name, row)
      }
      cursor = page.cursor
      // Who asks meanwhile does not stand behind the whole reading.
      if (rows.size > FEW) await rest(PAUSE_MS)
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
}

function findChanges(
  before: ReadonlyMap<string, CatalogueRow>,
  after: ReadonlyMap<string, CatalogueRow>,
): CatalogueChange[] {
  const changes: CatalogueChange[] = []
  for (const [name, row] of after) {
    const old = before.get(name) ?? null
    if (!old || !isSameRow(old, row)) changes.push({ name, before: old, after: row })
  }
  for (const [name, old] of before) if (!after.has(name)) changes.push({ name, before: old, after: null })
  return changes
}

function isSameRow(left: CatalogueRow, right: CatalogueRow): boolean {
  return (['revision', 'state', 'nextMs', 'lastMs', 'failures', 'error'] as const).every(
    (field) => left[field] === right[field],
  )
}

function toRow(view: ScheduleView): CatalogueRow {
  return {
    name: view.name,
    task: view.task ?? view.name,
    pool: view.pool ?? 'default',
    owner: view.owner ?? null,
    tags: Array.isArray(view.tags) ? view.tags : [],
    state: view.state,
    nextMs: view.next?.getTime() ?? null,
    lastMs: view.last?.getTime() ?? null,
    failures: view.failures ?? 0,
    revision: view.revision,
    error: view.error ?? null,
    differs: view.declared?.differs ?? [],
    trigger: view.state === 'active' && view.given ? triggerOf(view.name, view.given) : null,
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
