import { describe, type ActivityMinute } from '../index.js'
import { findAttention, type AttentionItem } from './attention.js'
import type { Catalogue } from './catalogue.js'
import type { FleetSource } from './fleet-source.js'
import type { Forecast } from './forecast.js'
import { countStates } from './state-counts.js'

/** The state of the fleet in short: the answer of `GET overview`. */
export interface OverviewView {
  readonly now: Date
  readonly total: number
  readonly counts: Readonly<Record<string, number>>
  /** Whether the counts cover all schedules; false during the first reading. */
  readonly complete: boolean
  readonly attention: readonly AttentionItem[]
  readonly timeline: {
    readonly bucketMs: number
    /** The last hour and the present minute, minute by minute, without minutes that have no end of a run. */
    readonly past: readonly ActivityMinute[]
    readonly coming: readonly { readonly at: Date; readonly planned: number }[]
  }
  /** Minutes of the coming hour with far more starts than the others. */
  readonly herds: readonly { readonly at: Date; readonly planned: number }[]
  readonly next: readonly { readonly name: string; readonly at: Date; readonly words: string; readonly tz?: string }[]
  readonly fleet: {
    readonly workers: number
    readonly slots: number
    readonly running: number
    readonly members: readonly object[]
  }
  readonly runs: { readonly running: number; readonly waiting: number }
  /** Median and 99th percentile of the lateness of the runs of the last hour, upper bounds, ms; null for none. */
  readonly lateness: { readonly halfMs: number; readonly mostMs: number } | null
}

const MINUTE_MS = 60_000
const HOUR_MINUTES = 60
const NEXT_COUNT = 8
/** A minute is a herd from this number of starts on, if it has this multiple of the usual number. */
const HERD_LEAST = 20
const HERD_FACTOR = 2
const KEPT_MS = 900
/** Longest wait for the forecast, ms; a later look has the rest. */
const PATIENCE_MS = 60
const MOST_RUNS = 1_000
const MOST_MEMBERS = 24

/** Computes the overview, at most about once a second, whatever the number of browsers. */
export class Overview {
  readonly #source: FleetSource
  readonly #catalogue: Catalogue
  readonly #forecast: Forecast
  readonly #now: () => number
  /** The last overview and its time, for questions that follow at once. */
  #kept: { readonly at: number; readonly view: Promise<OverviewView> } | null = null

  constructor(parts: { source: FleetSource; catalogue: Catalogue; forecast: Forecast; now: () => number }) {
    this.#source = parts.source
    this.#catalogue = parts.catalogue
    this.#forecast = parts.forecast
    this.#now = parts.now
  }

  /** The present overview of the fleet. */
  read(): Promise<OverviewView> {
    const now = this.#now()
    if (this.#kept && now - this.#kept.at < KEPT_MS) return this.#kept.view
    const view = this.#read()
    const kept = { at: now, view }
    this.#kept = kept
    view.catch(() => {
      if (this.#kept === kept) this.#kept = null
    })
    return view
  }

  async #read(): Promise<OverviewView> {
    await this.#catalogue.prepare()
    const nowMs = this.#now()
    const minute = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
    const [total, workers, running, waiting, soonest, forecast, past, counts] = await Promise.all([
      this.#source.count(),
      this.#source.fleet(),
      this.#source.runs('running', MOST_RUNS),
      this.#source.runs('waiting', MOST_RUNS),
      this.#soonest(),
      this.#forecast.count({ fromMs: minute, bucketMs: MINUTE_MS, buckets: HOUR_MINUTES + 1, patienceMs: PATIENCE_MS }),
      this.#source.minutes(minute - HOUR_MINUTES * MINUTE_MS, minute),
      countStates(this.#source, this.#catalogue),
    ])
    const coming = forecast.counts.map((planned, index) => ({ at: new Date(minute + index * MINUTE_MS), planned }))
    const late = soonest.filter(({ at }) => nowMs - at.getTime() > LATE_MS)
    return {
      now: new Date(nowMs),
      total: total ?? this.#catalogue.rows.size,
      counts: { ...counts, late: late.length },
      complete: total !== null && this.#catalogue.isComplete && forecast.isComplete,
      attention: await findAttention({
        source: this.#source,
        catalogue: this.#catalogue,
        counts,
        workers,
        late,
        running,
        nowMs,
      }),
      timeline: { bucketMs: MINUTE_MS, past, coming },
      herds: findHerds(coming),
      next: soonest.filter(({ at }) => nowMs - at.getTime() <= LATE_MS).slice(0, NEXT_COUNT),
      fleet: {
        workers: workers.length,
        slots: workers.reduce((sum, { concurrency }) => sum + concurrency, 0),
        running: workers.reduce((sum, worker) => sum + worker.running, 0),
        members: workers.slice(0, MOST_MEMBERS),
      },
      runs: { running: running.length, waiting: waiting.length },
      lateness: latenessOf(past),
    }
  }

  /** The schedules that are due next or late, with their present state. */
  async #soonest(): Promise<{ name: string; at: Date; words: string; tz?: string }[]> {
    const page = await this.#source.soonest(SOONEST_COUNT)
    const views = page.filter(({ next, state }) => next !== null && state === 'active')
    views.sort((left, right) => left.next!.getTime() - right.next!.getTime())
    return views.map((view) => ({
      name: view.name,
      at: view.next!,
      words: view.given ? describe(view.given, view.name) : '',
      ...(view.tz === undefined ? {} : { tz: view.tz }),
    }))
  }
}

/** Time after which a due schedule counts as late, ms. */
const LATE_MS = 5_000
const SOONEST_COUNT = 60

function latenessOf(minutes: readonly ActivityMinute[]): OverviewView['lateness'] {
  const counts: number[] = []
  for (const { lateness } of minutes) {
    for (const [step, count] of lateness.entries()) counts[step] = (counts[step] ?? 0) + count
  }
  const total = counts.reduce((sum, count) => sum + (count ?? 0), 0)
  const within = (part: number): number => {
    let seen = 0
    const step = counts.findIndex((count) => (seen += count ?? 0) >= total * part)
    // The largest whole number of milliseconds of the step.
    return step <= 0 ? 0 : 2 ** step - 1
  }
  return total === 0 ? null : { halfMs: within(0.5), mostMs: within(0.99) }
}

function findHerds(coming: OverviewView['timeline']['coming']): { at: Date; planned: number }[] {
  const busy = coming.map(({ planned }) => planned).sort((left, right) => left - right)
  const usual = busy[Math.floor(busy.length / 2)] ?? 0
  return coming.filter(({ planned }) => planned >= Math.max(HERD_LEAST, usual * HERD_FACTOR)).slice(0, 5)
}
