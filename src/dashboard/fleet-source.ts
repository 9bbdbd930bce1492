import type {
  BackfillOptions,
  BackfillResult,
  DefinitionInput,
  DefinitionShape,
  Diagnosis,
  Everybeat,
  Explanation,
  HistoryEntry,
  Instant,
  PreviewEntry,
  PutResult,
  RunView,
  SchedulePage,
  ScheduleView,
  WorkerView,
} from '../index.js'
import type { DashboardUser } from './options.js'
import { Problem } from './problem.js'

/** A change of a schedule as the dashboard shows it. */
export interface ChangeView {
  revision: number
  at: Date
  by: string
  via: string
  diff: Record<string, readonly unknown[]>
}

/** What became of runs in one minute. */
export interface MinuteView {
  at: Date
  ok: number
  failed: number
  skipped: number
  abandoned: number
  cancelled: number
  late: number
}

/** A schedule with what became of its last occurrences, newest first. */
export interface ListedSchedule {
  readonly view: ScheduleView
  readonly history: readonly HistoryEntry[]
}

/** The one door of the dashboard to the fleet: everything it asks of, and does with, an `Everybeat`. */
export class FleetSource {
  readonly #beat: Everybeat

  constructor(beat: Everybeat) {
    this.#beat = beat
  }

  /** A page of schedules in the order of their names. */
  page(limit: number, cursor: string | null): Promise<SchedulePage> {
    return this.#beat.schedules.list({ limit, cursor })
  }

  count(): Promise<number> {
    return this.#beat.schedules.count()
  }

  get(name: string): Promise<ScheduleView | null> {
    return this.#beat.schedules.get(name)
  }

  /** Schedules as they stand, each with its last occurrences; one that is gone is left out. */
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

  runs(state: 'running' | 'waiting' | undefined, limit: number): Promise<RunView[]> {
    return this.#beat.schedules.runs({ ...(state === undefined ? {} : { state }), limit })
  }

  fleet(): Promise<WorkerView[]> {
    return this.#beat.fleet()
  }

  diagnose(): Promise<Diagnosis> {
    return this.#beat.diagnose()
  }

  /** The last changes of a schedule, newest first. @throws Problem 501 where this version keeps none */
  async changes(name: string): Promise<ChangeView[]> {
    const { changes } = this.#beat.schedules as Partial<LaterSchedules>
    if (!changes) throw notAvailable('changes')
    return await changes.call(this.#beat.schedules, name)
  }

  /** What became of runs minute by minute; null where no worker records it. */
  async minutes(_fromMs: number, _toMs: number): Promise<MinuteView[] | null> {
    return null
  }

  /** Refuses a definition that a write would refuse; writes nothing. @throws EverybeatError */
  async check(name: string, definition: DefinitionShape): Promise<void> {
    // A write that asks for a revision that never comes is checked like any other, and then not done.
    await this.#beat.schedules.put(name, definition as DefinitionInput, { ifRevision: Number.MAX_SAFE_INTEGER })
  }

  /** Everything that changes something, in the name of a user. */
  as(user: DashboardUser): FleetWriter {
    return new FleetWriter(this.#beat, user)
  }
}

/** Writes to the fleet in the name of one user, who stands in the changes. */
export class FleetWriter {
  readonly #beat: Everybeat
  readonly #user: DashboardUser

  constructor(beat: Everybeat, user: DashboardUser) {
    this.#beat = beat
    this.#user = user
  }

  /** Who writes. */
  get user(): string {
    return this.#user.user
  }

  put(name: string, definition: DefinitionShape, ifRevision: number | undefined): Promise<PutResult> {
    return this.#beat.schedules.put(name, definition as DefinitionInput, { ifRevision })
  }

  patch(
    name: string,
    changes: Parameters<Everybeat['schedules']['patch']>[1],
    ifRevision: number | undefined,
  ): Promise<PutResult> {
    return this.#beat.schedules.patch(name, changes, { ifRevision })
  }

  remove(name: string): Promise<{ outcome: 'removed' | 'missing' }> {
    return this.#beat.schedules.remove(name)
  }

  pause(name: string, options: { note?: string; until?: Instant }): Promise<{ outcome: string; revision: number }> {
    return this.#beat.schedules.pause(name, options)
  }

  resume(name: string): Promise<{ outcome: string; revision: number }> {
    return this.#beat.schedules.resume(name)
  }

  trigger(
    name: string,
    options: { payload?: unknown },
  ): Promise<{ outcome: 'triggered'; runId: string } | { outcome: 'missing' }> {
    return this.#beat.schedules.trigger(name, options)
  }

  backfill(name: string, options: BackfillOptions): Promise<BackfillResult> {
    return this.#beat.schedules.backfill(name, options)
  }

  cancel(runId: string): Promise<{ outcome: 'cancelled' | 'cancelling' | 'missing' }> {
    return this.#beat.schedules.cancel(runId)
  }

  /** Writes a definition as it was after an earlier change. */
  async rollback(name: string, revision: number): Promise<{ outcome: string }> {
    const { rollback } = this.#beat.schedules as Partial<LaterSchedules>
    if (!rollback) throw notAvailable('rollback')
    return await rollback.call(this.#beat.schedules, name, revision)
  }

  /** Writes a definition as code declared it last. */
  async revert(name: string): Promise<{ outcome: string }> {
    const { revert } = this.#beat.schedules as Partial<LaterSchedules>
    if (!revert) throw notAvailable('revert')
    return await revert.call(this.#beat.schedules, name)
  }
}

/** What `beat.schedules` gets beside what it has. */
interface LaterSchedules {
  changes(name: string): Promise<ChangeView[]>
  rollback(name: string, revision: number): Promise<{ outcome: string }>
  revert(name: string): Promise<{ outcome: string }>
}

function notAvailable(what: string): Problem {
  return new Problem(501, {
    detail: `this version of Everybeat has no ${what} yet`,
    code: 'ERR_DASHBOARD_NOT_AVAILABLE',
  })
}
