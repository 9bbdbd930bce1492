import type { Catalogue } from './catalogue.js'
import { addStarts } from './planned-starts.js'
import type { TriggerGroup } from './trigger-group.js'

/** Planned starts per bucket of a range. */
export interface ForecastResult {
  readonly fromMs: number
  readonly bucketMs: number
  readonly counts: readonly number[]
  /** Whether every schedule is in it; false while the catalogue is being read, while it is counted, or where time ran out. */
  readonly isComplete: boolean
}

/** Which starts are counted. */
export interface ForecastQuestion {
  readonly fromMs: number
  readonly bucketMs: number
  readonly buckets: number
  /** The jitter that schedules with less are taken to have, ms; default 0. */
  readonly jitterMs?: number
  /** The answer is what was counted so far after so long. */
  readonly patienceMs: number
}

/** The most buckets of one answer. */
export const MOST_BUCKETS = 2_016
/** The event loop is given back after so long, ms. */
const SLICE_MS = 8
/** A forecast that takes longer ends where it is, ms. */
const MOST_MS = 60_000
const KEPT_MS = 10_000
/** So long is kept what is counted while the schedules are still being read, ms. */
const KEPT_PARTIAL_MS = 1_000
const MOST_KEPT = 20

/** A count that goes or has ended. */
interface Count {
  readonly at: number
  readonly counts: number[]
  /** Whether every schedule is in it. */
  isComplete: boolean
  hasEnded: boolean
  /** Resolves when it ends. */
  end: Promise<void>
}

/**
 * Counts the starts to come of all active schedules, in the background. Schedules with the same trigger are computed
 * once; what was computed is kept for some seconds.
 */
export class Forecast {
  readonly #catalogue: Catalogue
  readonly #now: () => number
  /** Counts by their question. */
  readonly #kept = new Map<string, Count>()

  constructor(catalogue: Catalogue, now: () => number) {
    this.#catalogue = catalogue
    this.#now = now
  }

  /** Planned starts from `fromMs`, and after now, to before the end of the last bucket. */
  async count(question: ForecastQuestion): Promise<ForecastResult> {
    const { fromMs, bucketMs, buckets, jitterMs = 0, patienceMs } = question
    await this.#catalogue.prepare()
    // With few schedules an edit is seen at once; with many the same count serves for some seconds.
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
        // The answer says that not every schedule is in it.
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

  /** The triggers of all active schedules, each with how many have it. */
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
