import type { HistoryEntry, RunView, WorkerView } from '../../index.js'
import type { Catalogue } from '../catalogue.js'
import type { CatalogueChange } from '../catalogue-row.js'
import type { FleetSource } from '../fleet-source.js'
import type { Overview } from '../overview.js'
import type { Redaction } from '../redaction.js'
import type { Feed, Observer } from './feed.js'

const MOST_RUNS = 500
/** Most changes of one look that are published one by one; of more, only the number is published. */
const MOST_PUBLISHED = 100
/** Most histories that one look reads. */
const MOST_HISTORIES = 50
const WORKERS_EVERY = 3
const OVERVIEW_EVERY = 2
/** Number of looks for which the history of a schedule with a manual run is read. */
const EXPECTED_LOOKS = 30

interface Parts {
  readonly feed: Feed
  readonly source: FleetSource
  readonly catalogue: Catalogue
  readonly overview: Overview
  readonly redaction: Redaction
}

/** Finds the changes since the last look: of runs, schedules, workers, and of the overview as a whole. */
export class FleetObserver implements Observer {
  readonly #parts: Parts
  /** Number of looks since the first browser watches. */
  #looks = 0
  /** The runs of the last look by id; null before the first. */
  #runs: Map<string, RunView> | null = null
  /** The workers of the last reading; null before the first. */
  #workers: Map<string, WorkerView> | null = null
  /** Schedules whose history may have grown, with the newest instant that was published. */
  readonly #publishedUntil = new Map<string, number>()
  /** Schedules with a manual run, each with the last look that reads its history. */
  readonly #expected = new Map<string, number>()
  /** The overview as it was last sent. */
  #overviewText = ''

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async look(): Promise<void> {
    this.#looks += 1
    this.#parts.catalogue.listen((changes) => void this.#tellSchedules(changes))
    await this.#parts.catalogue.prepare()
    await this.#lookAtRuns()
    if (this.#looks % WORKERS_EVERY === 1) await this.#lookAtWorkers()
    if (this.#looks % OVERVIEW_EVERY === 1) await this.#lookAtOverview()
  }

  /**
   * Reads the history of a schedule at the next looks, because a manual run of it is about to start. Such a run may begin
   * and end between two looks, and does not move the schedule.
   */
  async expect(schedule: string): Promise<void> {
    const [newest] = await this.#parts.source.history(schedule, 1)
    this.#publishedUntil.set(schedule, newest ? orderOf(newest) : 0)
    this.#expected.set(schedule, this.#looks + EXPECTED_LOOKS)
  }

  rest(): void {
    this.#parts.catalogue.listen(null)
    this.#looks = 0
    this.#runs = null
    this.#workers = null
    this.#publishedUntil.clear()
    this.#expected.clear()
    this.#overviewText = ''
  }

  async #lookAtRuns(): Promise<void> {
    const { feed, source } = this.#parts
    const runs = new Map((await source.runs(undefined, MOST_RUNS)).map((run) => [run.runId, run]))
    const before = this.#runs
    this.#runs = runs
    if (!before) return
    let published = 0
    for (const [id, run] of runs) {
      const old = before.get(id)
      if (old?.state === run.state && old.attempt === run.attempt && old.delivery === run.delivery) continue
      if (published++ < MOST_PUBLISHED)
        feed.publish('run', { kind: run.state === 'running' ? 'started' : 'waiting', ...run })
    }
    const ended = [...before.values()].filter(({ runId }) => !runs.has(runId))
    for (const [schedule, until] of this.#expected) if (until < this.#looks) this.#expected.delete(schedule)
    await this.#tellEnds([...ended.map(({ schedule }) => schedule), ...this.#expected.keys()])
  }

  /** Publishes the new history entries of schedules of which a run has ended. */
  async #tellEnds(schedules: readonly string[]): Promise<void> {
    const { feed, source, redaction, catalogue } = this.#parts
    for (const schedule of [...new Set(schedules)].slice(0, MOST_HISTORIES)) {
      // Each look reads the catalogue of few schedules again; with many, the next reading may be a minute away.
      if (!catalogue.isSmall) catalogue.refresh([[schedule, await source.get(schedule)]])
      const entries = await source.history(schedule, 3)
      const known = this.#publishedUntil.get(schedule)
      const fresh = entries.filter((entry) => orderOf(entry) > (known ?? Number.NEGATIVE_INFINITY))
      if (entries[0]) this.#publishedUntil.set(schedule, Math.max(...entries.map(orderOf)))
      // Without an earlier look, only the newest entry is new for certain.
      for (const entry of known === undefined ? fresh.slice(0, 1) : fresh.reverse()) {
        feed.publish('run', { kind: 'ended', schedule, ...entry, result: redaction.result(entry.result) })
      }
    }
  }

  async #tellSchedules(changes: readonly CatalogueChange[]): Promise<void> {
    const { feed } = this.#parts
    for (const { name, before, after } of changes.slice(0, MOST_PUBLISHED)) {
      feed.publish('schedule', scheduleEvent(name, before !== null, after))
    }
    if (changes.length > MOST_PUBLISHED) feed.publish('schedule', { kind: 'many', count: changes.length })
    const fired = changes.filter(({ before, after }) => after && before && after.lastMs !== before.lastMs)
    await this.#tellEnds(fired.map(({ name }) => name)).catch(() => {})
  }

  async #lookAtWorkers(): Promise<void> {
    const { feed, source } = this.#parts
    const workers = new Map((await source.fleet()).map((worker) => [worker.id, worker]))
    const before = this.#workers
    this.#workers = workers
    if (!before) return
    for (const [id, worker] of workers) {
      const old = before.get(id)
      if (!old) feed.publish('worker', { kind: 'joined', ...worker })
      else if (old.running !== worker.running) feed.publish('worker', { kind: 'changed', ...worker })
    }
    for (const [id, worker] of before) if (!workers.has(id)) feed.publish('worker', { kind: 'left', ...worker })
  }

  async #lookAtOverview(): Promise<void> {
    const { feed, overview } = this.#parts
    const {
      now,
      fleet: { members: _members, ...fleet },
      total,
      counts,
      complete,
      runs,
    } = await overview.read()
    const summary = { total, counts, complete, runs, fleet }
    const text = JSON.stringify(summary)
    if (text === this.#overviewText) return
    this.#overviewText = text
    feed.publish('overview', { now, ...summary })
  }
}

/** The content of an event about a schedule. */
export function scheduleEvent(name: string, isKnown: boolean, row: CatalogueChange['after']): Record<string, unknown> {
  if (!row) return { kind: 'removed', name }
  const { state, revision, nextMs, lastMs, failures } = row
  const instant = (ms: number | null) => (ms === null ? null : new Date(ms))
  return {
    kind: isKnown ? 'changed' : 'created',
    name,
    state,
    revision,
    next: instant(nextMs),
    last: instant(lastMs),
    failures,
  }
}

/** Grows from entry to entry of a history, except for runs that waited: these are published while among the newest. */
function orderOf({ scheduledAt, startedAt }: HistoryEntry): number {
  return Math.max(scheduledAt.getTime(), startedAt?.getTime() ?? 0)
}
