/** How long after a beat its record is surely kept, ms: a worker that is silent for 15 s is removed from the fleet. */
const SURE_MS = 10_000

/**
 * Notices that the dataset of Redis went back in time under the same generation: an older replica took over, or a backup was
 * restored. It has then forgotten the last heartbeat of this worker, or knows an older one.
 */
export class DatasetWatch {
  /** Redis's time of the last beat that was answered, epoch ms; null before the first. */
  #beatMs: number | null = null
  /** How many times the dataset went back. */
  #losses = 0

  /**
   * Takes in the answer to a beat, and gives the generation a name of its own each time the dataset went back: whoever
   * compares generations sees that it is not the dataset from before.
   *
   * @param nowMs Redis's time of this beat, epoch ms
   * @param knownMs the beat before it, as far as the dataset knows, epoch ms; null for none
   */
  nameOf(generation: string, nowMs: number, knownMs: number | null): string {
    const beatMs = this.#beatMs
    this.#beatMs = nowMs
    // A clock that was set back says nothing, and neither does a record that may have been removed.
    const isComparable = beatMs !== null && nowMs >= beatMs
    const isLost = isComparable && (knownMs === null ? nowMs - beatMs < SURE_MS : knownMs < beatMs)
    if (isLost) this.#losses += 1
    return this.#losses === 0 ? generation : `${generation}~${this.#losses}`
  }
}
