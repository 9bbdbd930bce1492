import type { ActiveRun } from './active-run.js'

/** The runs of one worker that are not over, by run id and by the schedule whose lease they hold. */
export class ActiveRuns {
  /** The newest run of each run id. */
  readonly #byId = new Map<string, ActiveRun>()
  /** The newest run that holds the lease of its schedule, by schedule. */
  readonly #bySchedule = new Map<string, ActiveRun>()

  /** How many runs are not over. */
  get size(): number {
    return this.#byId.size
  }

  /** The runs that are not over. */
  values(): Iterable<ActiveRun> {
    return this.#byId.values()
  }

  /** The run with this id; undefined when it is over, or on another worker. */
  get(runId: string): ActiveRun | undefined {
    return this.#byId.get(runId)
  }

  /** How many of the runs have their schedule on this shard. */
  countOf(shard: number): number {
    let count = 0
    for (const run of this.#byId.values()) if (run.shard === shard) count += 1
    return count
  }

  /**
   * Adds a run.
   *
   * @returns the run whose place it takes: it lost its lease, but may still execute on this worker
   */
  add(run: ActiveRun): ActiveRun | undefined {
    const { runId, schedule, hasRunLease } = run.claimed
    const previous = hasRunLease ? this.#byId.get(runId) : this.#bySchedule.get(schedule)
    this.#byId.set(runId, run)
    if (!hasRunLease) this.#bySchedule.set(schedule, run)
    return previous
  }

  /** Removes a run that is over, where no newer one has its place. */
  remove(run: ActiveRun): void {
    const { runId, schedule } = run.claimed
    if (this.#byId.get(runId) === run) this.#byId.delete(runId)
    if (this.#bySchedule.get(schedule) === run) this.#bySchedule.delete(schedule)
  }
}
