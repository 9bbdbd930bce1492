import type { Catalogue } from './catalogue.js'
import { addStarts } from './planned-starts.js'
import type { TriggerGroup } from './trigger-group.js'

/** Planned starts per bucket of a range. */
export interface ForecastResult {
  readonly fromMs: number
  readonly bucketMs: number
  readonly counts: readonly number[]
  /** Whether every schedule is counted; false during the first reading, during the count, and after its time limit. */
  readonly isComplete: boolean
}

/** The starts to count. */
export interface ForecastQuestion {
  readonly fromMs: number
  readonly bucketMs: number
  readonly buckets: number
  /** The jitter that schedules with less jitter are given in the count, ms; default 0. */
  readonly jitterMs?: number
  /** Time after which the answer holds the starts counted so far, ms. */
  readonly patienceMs: number
}

/** The most buckets of one answer. */
export const MOST_BUCKETS = 2_016
/** Longest time for which a count keeps the event loop busy, ms. */
const SLICE_MS = 8
/** Time limit of a count, ms. */
const MOST_MS = 60_000
const KEPT_MS = 10_000
/** Time for which a count made during the first reading is kept, ms. */
const KEPT_PARTIAL_MS = 1_000
const MOST_KEPT = 20

/** A count, running or ended. */
interface Count {
  readonly at: number
  readonly counts: number[]
  /** Whether every schedule is counted. */
  isComplete: boolean
  hasEnded: boolean
  /** Resolves when it ends. */
  end: Promise<void>
}

/**
 * Counts the coming starts of all active schedules, in the background. Schedules with the same trigger are computed
 * once; results are kept for some seconds.
 */
export class Forecast {
  readonly #catalogue: Catalogue
  readonly #now: () => number
  /** Counts by their query. */
  readonly #kept = new Map<string, Count>()

  constructor(catalogue: Catalogue, now: () => number) {
    this.#catalogue = catalogue
    this.#now = now
  }

  /** Planned starts from `fromMs`, and after now, to before the end of the last bucket. */
  async count(question: ForecastQuestion): Promise<ForecastResult> {
    const { fromMs, bucketMs, buckets, jitterMs = 0, patienceMs } = question
    await this.#catalogue.prepare()
    // With few schedules an edit shows at once; with many the same count serves for some seconds.
    const version = this.#catalogue.isSmall ? this.#catalogue.version : 'many'
    const key = `${fromMs} ${bucketMs} ${buckets} ${jitterMs} ${version}`
    this.#forgetOld()
    const count = this.#kept.get(key) ?? this.#begin(question)
    this.#kept.set(key, count)
    if (!count.hasEnded) await Promise.race([count.end, rest(patienceMs)])
    return { fromMs, bucketMs, counts: [...count.counts], isComplete: count.isComplete }
  }

  #forgetOld(): void {
    const now = this.#now()
    for (const [key, { at, isComplete, hasEnded }] of this.#kept) {
      const keptMs = isComplete ? KEPT_MS : hasEnded ? KEPT_PARTIAL_MS : MOST_MS
      if (now - at >= keptMs || this.#kept.size >= MOST_KEPT) this.#kept.delete(key)
    }
  }

  #begin(question: ForecastQuestion): Count {
    const count: Count = {
      at: this.#now(),
      counts: new Array<number>(question.buckets).fill(0),
      isComplete: false,
      hasEnded: false,
      end: Promise.resolve(),
    }
    count.end = this.#compute(count, question)
      .catch(() => {
        // The answer says that not every schedule is counted.
      })
      .finally(() => (count.hasEnded = true))
    return count
  }

  async #compute(count: Count, { fromMs, bucketMs, jitterMs = 0 }: ForecastQuestion): Promise<void> {
    const isWhole = this.#catalogue.isComplete
    const range = { fromMs, bucketMs, afterMs: count.at, leastJitterMs: jitterMs }
    let sliceEnd = this.#now() + SLICE_MS
    for (const { group, size } of this.#groups()) {
      const steps = addStarts(count.counts, group, size, range)
      for (let isDone = false; !isDone;) {
        isDone = steps.next().done ?? false
        if (this.#now() < sliceEnd) continue
        if (this.#now() - count.at > MOST_MS) return
        await new Promise((resolve) => setImmediate(resolve))
        sliceEnd = this.#now() + SLICE_MS
      }
    }
    count.isComplete = isWhole
  }

  /** The triggers of all active schedules, each with its number of schedules. */
  #groups(): Iterable<{ readonly group: TriggerGroup; readonly size: number }> {
    const groups = new Map<string, { group: TriggerGroup; size: number }>()
    for (const { trigger } of this.#catalogue.rows.values()) {
      if (!trigger) continue
      const known = groups.get(trigger.key)
      if (known) known.size += 1
      else groups.set(trigger.key, { group: trigger, size: 1 })
    }
    return groups.values()
  }
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
