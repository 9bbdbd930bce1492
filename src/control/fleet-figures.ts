import type { ScheduleState } from './schedule-view.js'
import { ALIVE_MS } from './fleet.js'
import type { ScheduleStore } from './store.js'

/** The amount of work of a fleet. */
export interface FleetFigures {
  /**
   * Schedules by state. After an update from a version without this index, and after an edit by plain commands, a
   * schedule counts as active until maintenance has read it.
   */
  schedules: Readonly<Record<ScheduleState, number>>
  /** Due schedules that no worker has claimed, including those that wait for a worker with their task. */
  dueCount: number
  /**
   * The longest time that such a schedule, or a run that waits for a worker with its task, has been due, ms; 0 for
   * none.
   */
  overdueMs: number
  /** Runs that wait: retries, reruns, queued occurrences, manual runs, the next backfilled ones. */
  waitingCount: number
  /** Live workers. */
  workerCount: number
}

/** Reads the figures of a fleet from its indexes: one call for each shard, whatever the number of schedules. */
export async function readFleetFigures(store: ScheduleStore): Promise<FleetFigures> {
  const shards = await store.figures(ALIVE_MS)
  const sum = (place: number): number => shards.reduce((total, figures) => total + figures[place]!, 0)
  const [paused, finished, invalid] = [sum(1), sum(2), sum(3)]
  return {
    // The index of states may hold a name that the list of schedules does not hold any more.
    schedules: { active: Math.max(0, sum(0) - paused - finished - invalid), paused, finished, invalid },
    dueCount: sum(4),
    overdueMs: Math.max(...shards.map((figures) => figures[5])),
    waitingCount: sum(6),
    workerCount: sum(7),
  }
}
