import type { Everybeat, HistoryEntry, RunView } from '../../index.js'

/** A start or an end of a run, as `tail` shows it. */
export type FeedItem =
  | {
      readonly event: 'started'
      readonly at: Date
      readonly schedule: string
      readonly runId: string
      readonly worker?: string
    }
  | { readonly event: 'ended'; readonly at: Date; readonly schedule: string; readonly entry: HistoryEntry }

const PAGE = 500
/** Most entries of a history that one reading gets. */
const ENTRIES = 50
/** Number of schedules up to which each reading gets every history, which also finds short manual runs. */
const FEW = 100

/**
 * Finds the runs that started and ended since the last reading, from the list of runs and the histories of the
 * schedules with a new occurrence. A run that is shorter than the time between two readings is found in the history,
 * with its start and its end.
 */
export class RunFeed {
  readonly #beat: Everybeat
  /** The one schedule to follow; null for all. */
  readonly #name: string | null
  /** Reported starts, by run id, attempt and delivery. */
  readonly #started = new Set<string>()
  /** Reported ends; null until the first reading, which reports nothing. */
  #ended: Set<string> | null = null
  /** Instant of the last occurrence of each schedule at the last reading, epoch ms. */
  readonly #last = new Map<string, number>()
  /** Schedules that had a run at the last reading. */
  #busy = new Set<string>()

  constructor(beat: Everybeat, name: string | null) {
    this.#beat = beat
    this.#name = name
  }

  /** Reads runs and histories once. The first call reports nothing and records the existing runs. */
  async look(): Promise<FeedItem[]> {
    const runs = (await this.#beat.schedules.runs({ state: 'running' })).filter(({ schedule }) =>
      this.#follows(schedule),
    )
    const isFirst = this.#ended === null
    const ended = (this.#ended ??= new Set())
    const items: FeedItem[] = []
    for (const run of runs) if (this.#isNewStart(run)) items.push(toStart(run))
    for (const name of await this.#moved(runs, isFirst)) {
      for (const entry of await this.#beat.schedules.history(name, { limit: ENTRIES })) {
        const key = `${name} ${entry.runId} ${entry.scheduledAt.getTime()} ${entry.outcome} ${entry.attempt}`
        if (ended.has(key)) continue
        ended.add(key)
        items.push(...this.#toItems(name, entry))
      }
    }
    return isFirst ? [] : items.sort((left, right) => left.at.getTime() - right.at.getTime())
  }

  #follows(schedule: string): boolean {
    return this.#name === null || this.#name === schedule
  }

  #isNewStart({ runId, attempt, delivery }: RunView): boolean {
    const key = `${runId} ${attempt} ${delivery}`
    if (this.#started.has(key)) return false
    this.#started.add(key)
    this.#started.add(runId)
    return true
  }

  /** The schedules whose history may have grown. */
  async #moved(runs: readonly RunView[], isFirst: boolean): Promise<Set<string>> {
    const busy = new Set(runs.map(({ schedule }) => schedule))
    const moved = new Set([...busy, ...this.#busy])
    this.#busy = busy
    if (this.#name !== null) return new Set([this.#name])
    for (let cursor: string | null = null; ;) {
      const page = await this.#beat.schedules.list({ limit: PAGE, cursor })
      if (cursor === null && page.length <= FEW) for (const { name } of page) moved.add(name)
      for (const { name, last } of page) {
        const lastMs = last?.getTime() ?? 0
        if (isFirst ? lastMs > 0 : this.#last.get(name) !== lastMs) moved.add(name)
        this.#last.set(name, lastMs)
      }
      cursor = page.cursor
      if (cursor === null) return moved
    }
  }

  #toItems(schedule: string, entry: HistoryEntry): FeedItem[] {
    const { runId, startedAt, worker, durationMs = 0 } = entry
    const at = new Date((startedAt ?? entry.scheduledAt).getTime() + durationMs)
    const end: FeedItem = { event: 'ended', at, schedule, entry }
    if (startedAt === undefined || this.#started.has(runId)) return [end]
    this.#started.add(runId)
    return [{ event: 'started', at: startedAt, schedule, runId, ...(worker !== undefined && { worker }) }, end]
  }
}

function toStart({ schedule, runId, startedAt, scheduledAt, worker }: RunView): FeedItem {
  return { event: 'started', at: startedAt ?? scheduledAt, schedule, runId, ...(worker !== undefined && { worker }) }
}
