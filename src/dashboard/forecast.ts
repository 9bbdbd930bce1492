import { parseDuration, preview } from '../index.js'
import type { Catalogue } from './catalogue.js'
import type { TriggerGroup } from './trigger-group.js'

/** Planned starts per bucket of a range. */
export interface ForecastResult {
  readonly fromMs: number
  readonly bucketMs: number
  readonly counts: readonly number[]
  /** Whether every schedule is in it; false while the catalogue is being read, or where time ran out. */
  readonly isComplete: boolean
}

/** The most buckets of one answer. */
export const MOST_BUCKETS = 2_016
/** The event loop is given back after so long, ms. */
const SLICE_MS = 8
/** A forecast that takes longer ends where it is, ms. */
const MOST_MS = 5_000
const KEPT_MS = 10_000
const MOST_KEPT = 20
const PREVIEW_COUNT = 2_000

/**
 * Counts the starts to come of all active schedules. Schedules with the same trigger are computed once; what was computed
 * is kept for some seconds.
 */
export class Forecast {
  readonly #catalogue: Catalogue
  readonly #now: () => number
  /** Answers by their question. */
  readonly #kept = new Map<string, { readonly at: number; readonly result: Promise<ForecastResult> }>()

  constructor(catalogue: Catalogue, now: () => number) {
    this.#catalogue = catalogue
    this.#now = now
  }

  /** Planned starts from `fromMs`, and after now, to before the end of the last bucket. */
  async count(fromMs: number, bucketMs: number, buckets: number): Promise<ForecastResult> {
    await this.#catalogue.prepare()
    const key = `${fromMs} ${bucketMs} ${buckets} ${this.#catalogue.version}`
    const known = this.#kept.get(key)
    const now = this.#now()
    if (known && now - known.at < KEPT_MS) return known.result
    for (const [old, { at }] of this.#kept) {
      if (now - at >= KEPT_MS || this.#kept.size >= MOST_KEPT) this.#kept.delete(old)
    }
    const result = this.#compute(fromMs, bucketMs, buckets)
    this.#kept.set(key, { at: now, result })
    return result
  }

  async #compute(fromMs: number, bucketMs: number, buckets: number): Promise<ForecastResult> {
    const groups = new Map<string, { group: TriggerGroup; size: number }>()
    for (const { trigger } of this.#catalogue.rows.values()) {
      if (!trigger) continue
      const known = groups.get(trigger.key)
      if (known) known.size += 1
      else groups.set(trigger.key, { group: trigger, size: 1 })
    }
    const counts = new Array<number>(buckets).fill(0)
    const startedAt = this.#now()
    let sliceEnd = startedAt + SLICE_MS
    let isComplete = this.#catalogue.isComplete
    for (const { group, size } of groups.values()) {
      addStarts(counts, group, size, { fromMs, bucketMs, afterMs: startedAt })
      if (this.#now() < sliceEnd) continue
      if (this.#now() - startedAt > MOST_MS) {
        isComplete = false
        break
      }
      await new Promise((resolve) => setImmediate(resolve))
      sliceEnd = this.#now() + SLICE_MS
    }
    return { fromMs, bucketMs, counts, isComplete }
  }
}

interface Range {
  readonly fromMs: number
  readonly bucketMs: number
  /** Starts up to this instant are not counted. */
  readonly afterMs: number
}

/** Adds the starts of one trigger to the buckets, as often as schedules have it. */
export function addStarts(counts: number[], { definition, name }: TriggerGroup, size: number, range: Range): void {
  const { fromMs, bucketMs, afterMs } = range
  const endMs = fromMs + bucketMs * counts.length
  const periodMs = definition.every === undefined ? null : parseDuration(definition.every, 'every')
  const isPlain =
    periodMs !== null &&
    definition.exclude === undefined &&
    definition.start === undefined &&
    definition.end === undefined
  if (isPlain && periodMs * 4 <= bucketMs) {
    // Many starts in each bucket: they are as many in all of them.
    for (let index = 0; index < counts.length; index++) {
      const openMs = Math.min(bucketMs, fromMs + (index + 1) * bucketMs - afterMs)
      if (openMs > 0) counts[index]! += Math.round((size * openMs) / periodMs)
    }
    return
  }
  for (let from = Math.max(fromMs - 1, afterMs); ;) {
    const entries = preview(definition, { from, count: PREVIEW_COUNT, name })
    for (const { at } of entries) {
      const ms = at.getTime()
      if (ms >= endMs) return
      counts[Math.floor((ms - fromMs) / bucketMs)]! += size
    }
    if (entries.length < PREVIEW_COUNT) return
    from = entries.at(-1)!.at.getTime()
  }
}
