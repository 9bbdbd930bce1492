import {
  EverybeatError,
  type ActivityMinute,
  type BackfillOptions,
  type BackfillResult,
  type Change,
  type DefinitionInput,
  type DefinitionShape,
  type Diagnosis,
  type Everybeat,
  type Explanation,
  type FleetFigures,
  type HistoryEntry,
  type Instant,
  type ListOrder,
  type PreviewEntry,
  type PutResult,
  type RevertResult,
  type RunList,
  type ScheduleListener,
  type SchedulePage,
  type ScheduleView,
  type ScheduleWatch,
  type WorkerView,
} from '../index.js'
import type { DashboardUser } from './options.js'

/** A schedule with the outcomes of its last occurrences, newest first. */
export interface ListedSchedule {
  readonly view: ScheduleView
  readonly history: readonly HistoryEntry[]
}

/** The only access of the dashboard to the fleet: each read and write of an `Everybeat`. */
export class FleetSource {
  readonly #beat: Everybeat

  constructor(beat: Everybeat) {
    this.#beat = beat
  }

  /** A page of schedules in an order that Redis has an index for; by default that of their names. */
  page(limit: number, cursor: string | null, order: ListOrder = 'name'): Promise<SchedulePage> {
    return this.#beat.schedules.list({ order, limit, cursor })
  }

  /** The schedules that are due next, the earliest first, after the late ones. */
  soonest(limit: number): Promise<SchedulePage> {
    return this.#beat.schedules.list({ order: 'next', limit })
  }

  /** The number of schedules; null while a shard does not answer. */
  count(): Promise<number | null> {
    return nullWhileSilent(this.#beat.schedules.count())
  }

  /** The number of schedules in each state, from indexes alone; null while a shard does not answer. */
  figures(): Promise<FleetFigures | null> {
    return nullWhileSilent(this.#beat.figures())
  }

  /** Subscribes to the edits of schedules. */
  watch(listener: ScheduleListener): Promise<ScheduleWatch> {
    return this.#beat.schedules.watch(listener)
  }

  get(name: string): Promise<ScheduleView | null> {
    return this.#beat.schedules.get(name)
  }

  /** The present views of schedules, each with its last occurrences; a schedule that does not exist is missing. */
  async listed(names: readonly string[], historyCount: number): Promise<ListedSchedule[]> {
    const read = async (name: string): Promise<ListedSchedule | null> => {
      const [view, history] = await Promise.all([this.get(name), this.history(name, historyCount)])
      return view && { view, history }
    }
    return (await Promise.all(names.map(read))).filter((listed) => listed !== null)
  }

  history(name: string, limit: number): Promise<HistoryEntry[]> {
    return this.#beat.schedules.history(name, { limit })
  }

  next(name: string, count: number): Promise<PreviewEntry[]> {
    return this.#beat.schedules.next(name, count)
  }

  explain(name: string): Promise<Explanation> {
    return this.#beat.schedules.explain(name)
  }

  runs(state: 'running' | 'waiting' | undefined, limit: number): Promise<RunList> {
    return this.#beat.schedules.runs({ ...(state === undefined ? {} : { state }), limit })
  }

  fleet(): Promise<WorkerView[]> {
    return this.#beat.fleet()
  }

  diagnose(): Promise<Diagnosis> {
    return this.#beat.diagnose()
  }

  /** The last changes of a schedule, newest first. */
  changes(name: string): Promise<Change[]> {
    return this.#beat.schedules.changes(name)
  }

  /** The outcomes of runs minute by minute, without minutes that have none. */
  async minutes(fromMs: number, toMs: number): Promise<ActivityMinute[]> {
    if (toMs < fromMs) return []
    return await this.#beat.schedules.activity({ from: fromMs, to: toMs })
  }

  /** Refuses a definition that a write would refuse; writes nothing. @throws EverybeatError */
  async check(name: string, definition: DefinitionShape): Promise<void> {
    // A write with an impossible revision is checked like any other, and then not made.
    await this.#beat.schedules.put(name, definition as DefinitionInput, { ifRevision: Number.MAX_SAFE_INTEGER })
  }

  /** The writes to the fleet in the name of a user. */
  as(user: DashboardUser): FleetWriter {
    return new FleetWriter(this.#beat, user)
  }
}

/** Writes to the fleet in the name of one user, whom the change list names. */
export class FleetWriter {
  readonly #schedules: Everybeat['schedules']

  constructor(beat: Everybeat, user: DashboardUser) {
    this.#schedules = beat.schedules.as({ actor: user.user, via: 'dashboard' })
  }

  put(name: string, definition: DefinitionShape, ifRevision: number | undefined): Promise<PutResult> {
    return this.#schedules.put(name, definition as DefinitionInput, { ifRevision })
  }

  patch(
    name: string,
    changes: Parameters<Everybeat['schedules']['patch']>[1],
    ifRevision: number | undefined,
  ): Promise<PutResult> {
    return this.#schedules.patch(name, changes, { ifRevision })
  }

  remove(name: string): Promise<{ outcome: 'removed' | 'missing' }> {
    return this.#schedules.remove(name)
  }

  pause(name: string, options: { note?: string; until?: Instant }): Promise<{ outcome: string; revision: number }> {
    return this.#schedules.pause(name, options)
  }

  resume(name: string): Promise<{ outcome: string; revision: number }> {
    return this.#schedules.resume(name)
  }

  trigger(
    name: string,
    options: { payload?: unknown },
  ): Promise<{ outcome: 'triggered'; runId: string } | { outcome: 'missing' }> {
    return this.#schedules.trigger(name, options)
  }

  backfill(name: string, options: BackfillOptions): Promise<BackfillResult> {
    return this.#schedules.backfill(name, options)
  }

  cancel(runId: string): Promise<{ outcome: 'cancelled' | 'cancelling' | 'missing' }> {
    return this.#schedules.cancel(runId)
  }

  /** Writes the definition of an earlier change. */
  rollback(name: string, revision: number): Promise<PutResult> {
    return this.#schedules.rollback(name, revision)
  }

  /** Writes the last declaration of a schedule. */
  revert(name: string): Promise<RevertResult> {
    return this.#schedules.revert(name)
  }
}

/** The answer; null where a shard cannot be reached. */
async function nullWhileSilent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof EverybeatError && error.code === 'ERR_EVERYBEAT_CONNECTION') return null
    throw error
  }
}
