import type { ActiveRun } from './active-run.js'

/** The active runs of one worker, by run id and by the schedule whose lease they hold. */
export class ActiveRuns {
  /** The newest active run of each run id. */
  readonly #byId = new Map<string, ActiveRun>()
  /** The newest run that holds the lease of its schedule, by schedule. */
  readonly #bySchedule = new Map<string, ActiveRun>()

  /** Number of the active runs. */
  get size(): number {
    return this.#byId.size
  }

  /** The active runs. */
  values(): Iterable<ActiveRun> {
    return this.#byId.values()
  }

  /** The active run with this id; undefined when this worker has none. */
  get(runId: string): ActiveRun | undefined {
    return this.#byId.get(runId)
  }

  /** Number of the active runs whose schedule is on this shard. */
  countOf(shard: number): number {
    let count = 0
    for (const run of this.#byId.values()) if (run.shard === shard) count += 1
    return count
  }

  /**
   * Adds a run.
   *
   * @returns the run that it replaces, which lost its lease but may still execute on this worker; undefined for none
   */
  add(run: ActiveRun): ActiveRun | undefined {
    const { runId, schedule, hasRunLease } = run.claimed
    const previous = hasRunLease ? this.#byId.get(runId) : this.#bySchedule.get(schedule)
    this.#byId.set(runId, run)
    if (!hasRunLease) this.#bySchedule.set(schedule, run)
    return previous
  }

  /** Removes a run that has ended, unless a newer run has replaced it. */
  remove(run: ActiveRun): void {
    const { runId, schedule } = run.claimed
    if (this.#byId.get(runId) === run) this.#byId.delete(runId)
    if (this.#bySchedule.get(schedule) === run) this.#bySchedule.delete(schedule)
  }
}
