import type { ScheduleState } from './schedule-view.js'
import { ALIVE_MS } from './fleet.js'
import type { ScheduleStore } from './store.js'

/** How much a fleet has to do, in numbers. */
export interface FleetFigures {
  /**
   * Schedules by state. After an update from a version without this index, and after an edit by plain commands, a
   * schedule counts as active until the maintenance has been there.
   */
  schedules: Readonly<Record<ScheduleState, number>>
  /** Schedules that are due and that no worker has claimed; one that waits for a worker with its task is among them. */
  dueCount: number
  /** How long the earliest of them, or of the runs that wait for a worker with their task, has been due, ms; else 0. */
  overdueMs: number
  /** Runs that wait: retries, reruns, queued occurrences, manual runs, the next backfilled ones. */
  waitingCount: number
  /** Live workers. */
  workerCount: number
}

/** Reads the figures of a fleet from its indexes: one call for each shard, whatever the fleet holds. */
export async function readFleetFigures(store: ScheduleStore): Promise<FleetFigures> {
  const shards = await store.figures(ALIVE_MS)
  const sum = (place: number): number => shards.reduce((total, figures) => total + figures[place]!, 0)
  const [paused, finished, invalid] = [sum(1), sum(2), sum(3)]
  return {
    // The index may know a name that is not listed any more.
    schedules: { active: Math.max(0, sum(0) - paused - finished - invalid), paused, finished, invalid },
    dueCount: sum(4),
    overdueMs: Math.max(...shards.map((figures) => figures[5])),
    waitingCount: sum(6),
    workerCount: sum(7),
  }
}
