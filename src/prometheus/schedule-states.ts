import type { Everybeat, SchedulePage, ScheduleState } from '../index.js'

/** So many schedules are read in one step. */
const STEP_COUNT = 500

/** How many schedules are in each state. */
export type StateCounts = Readonly<Record<ScheduleState, number>>

/**
 * Counts schedules by state, 500 at each step, so that a step costs the same with ten schedules and with a million. What
 * is not active is as old as the last walk through all; what is active is what remains of the count, which is of now.
 */
export class ScheduleStates {
  /** Where the next step goes on; null at the start. */
  #cursor: string | null = null
  /** What the walk under way has counted. */
  #walked = emptyCounts()
  /** What the last whole walk has counted; null before the first one has ended. */
  #complete: StateCounts | null = null

  /** Reads one step further. @returns the counts, with `total` schedules in all */
  async step(beat: Everybeat, total: number): Promise<StateCounts> {
    const page = await this.#nextPage(beat)
    for (const { state } of page) this.#walked[state] += 1
    this.#cursor = page.cursor
    if (page.cursor === null) {
      this.#complete = this.#walked
      this.#walked = emptyCounts()
    }
    const { paused, finished, invalid } = this.#complete ?? this.#walked
    return { active: Math.max(0, total - paused - finished - invalid), paused, finished, invalid }
  }

  async #nextPage(beat: Everybeat): Promise<SchedulePage> {
    try {
      return await beat.schedules.list({ limit: STEP_COUNT, cursor: this.#cursor })
    } catch (error) {
      // The next walk begins at the start, also when the cursor itself is what is refused.
      this.#cursor = null
      this.#walked = emptyCounts()
      throw error
    }
  }
}

function emptyCounts(): Record<ScheduleState, number> {
  return { active: 0, paused: 0, finished: 0, invalid: 0 }
}
