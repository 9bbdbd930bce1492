import { seededRandom } from '../fleet/virtual-time.js'
import { drawDuration } from './distribution.js'
import type { DueStarts } from './due-starts.js'
import { EndHeap, type Going } from './end-heap.js'
import { LoadChart } from './load-chart.js'
import type { Failure, Simulation } from './simulate-options.js'

/** Duration of a run of a task without options, ms. */
const DEFAULT_DURATION_MS = 1_000
/** Time from the loss of a worker to the end of its leases, ms. */
const LEASE_MS = 30_000

/** The outcome of the due starts. */
export interface Outcome {
  started: number
  failed: number
  abandoned: number
  /** Occurrences that were skipped, by their overlap policy or their misfire policy. */
  skipped: number
  /** Missed occurrences: caught up by another run, or skipped. */
  missed: number
  /** Number of occurrences during a run of their schedule, by schedule. */
  readonly overlaps: Map<number, number>
  readonly latenessMs: number[]
}

/** A model of a fleet as a queue with slots: each start takes a slot for its duration, or waits for one. */
export class QueueModel {
  readonly chart: LoadChart
  readonly outcome: Outcome = {
    started: 0,
    failed: 0,
    abandoned: 0,
    skipped: 0,
    missed: 0,
    overlaps: new Map(),
    latenessMs: [],
  }
  readonly #simulation: Simulation
  readonly #random: () => number
  readonly #ends = new EndHeap()
  /** Running runs by schedule. */
  readonly #going = new Map<number, Going[]>()
  /** Schedules that wait for a slot, with their due instant, in order. */
  readonly #waiting = new Map<number, number>()
  /** Number of running runs. */
  #running = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    this.#random = seededRandom(simulation.seed)
    this.chart = new LoadChart(simulation.fromMs, simulation.toMs)
  }

  /** Simulates all starts, and the runs to their end. */
  play(starts: DueStarts): void {
    const events = this.#failureEvents()
    for (let index = 0; index < starts.count; index += 1) {
      const at = starts.at(index)
      while (events.length > 0 && events[0]!.at <= at) this.#meet(events.shift()!)
      this.#endUntil(at)
      this.#arrive(starts.schedule(index), at)
    }
    for (const event of events) this.#meet(event)
    this.#endUntil(this.#simulation.toMs)
  }

  #failureEvents(): { at: number; failure: Failure; begins: boolean }[] {
    return this.#simulation.failures
      .flatMap((failure) => [
        { at: failure.fromMs, failure, begins: true },
        { at: failure.toMs, failure, begins: false },
      ])
      .sort((one, other) => one.at - other.at)
  }

  #meet({ at, failure, begins }: { at: number; failure: Failure; begins: boolean }): void {
    this.#endUntil(at)
    if (begins && failure.workers > 0) this.#loseRuns(at, failure.workers / this.#simulation.workers)
    this.#startWaiting(at)
  }

  /** Ends the runs of lost workers; with `onCrash: rerun` they run again after the end of their leases. */
  #loseRuns(at: number, share: number): void {
    for (const going of this.#ends.all.filter(({ isOver }) => !isOver && this.#random() < share)) {
      this.#finish(going)
      this.outcome.abandoned += 1
      const { onCrash } = this.#simulation.definitions[going.schedule]!
      if (onCrash === 'rerun') this.#waiting.set(going.schedule, at + LEASE_MS)
    }
  }

  #slotsAt(at: number): number {
    const { failures, workers, concurrency } = this.#simulation
    const now = failures.filter(({ fromMs, toMs }) => fromMs <= at && at < toMs)
    if (now.some(({ isOutage }) => isOutage)) return 0
    return Math.max(0, workers - now.reduce((sum, failure) => sum + failure.workers, 0)) * concurrency
  }

  #endUntil(at: number): void {
    for (let first = this.#ends.first; first && first.endsAt <= at; first = this.#ends.first) {
      this.#ends.take()
      if (first.isOver) continue
      this.#finish(first)
      this.#startWaiting(first.endsAt)
    }
  }

  #finish(going: Going): void {
    going.isOver = true
    this.#running -= 1
    const left = this.#going.get(going.schedule)!.filter((each) => each !== going)
    if (left.length > 0) this.#going.set(going.schedule, left)
    else this.#going.delete(going.schedule)
  }

  #arrive(schedule: number, at: number): void {
    const { overlap, misfire } = this.#simulation.definitions[schedule]!
    const going = this.#going.get(schedule)
    if (going && overlap !== 'allow') {
      this.outcome.overlaps.set(schedule, (this.outcome.overlaps.get(schedule) ?? 0) + 1)
      if (overlap === 'skip') return void (this.outcome.skipped += 1)
      if (overlap === 'replace') for (const each of [...going]) this.#finish(each)
    }
    if (this.#waiting.has(schedule)) {
      // An occurrence that still waits when the next one is due is missed: one run makes up for both, or it is skipped.
      this.outcome.missed += 1
      if (misfire === 'skip') this.outcome.skipped += 1
      return
    }
    const mustQueue = overlap === 'queue' && going !== undefined
    if (mustQueue || this.#running >= this.#slotsAt(at)) this.#waiting.set(schedule, at)
    else this.#start(schedule, at, at)
    this.chart.note(at, this.#running, this.#waiting.size, 0)
  }

  #startWaiting(at: number): void {
    for (const [schedule, dueAt] of this.#waiting) {
      if (this.#running >= this.#slotsAt(at)) return
      if (dueAt > at || (this.#going.has(schedule) && this.#simulation.definitions[schedule]!.overlap !== 'allow'))
        continue
      this.#waiting.delete(schedule)
      this.#start(schedule, dueAt, at)
    }
  }

  #start(schedule: number, dueAt: number, at: number): void {
    const { task } = this.#simulation.definitions[schedule]!
    const { durationMs = DEFAULT_DURATION_MS, distribution, failureRate = 0 } = this.#simulation.tasks.get(task) ?? {}
    const lasts = distribution ? drawDuration(distribution, this.#random) : durationMs
    const going: Going = { endsAt: at + lasts, schedule, isOver: false }
    this.#ends.add(going)
    this.#going.set(schedule, [...(this.#going.get(schedule) ?? []), going])
    this.#running += 1
    this.outcome.started += 1
    if (failureRate > 0 && this.#random() < failureRate) this.outcome.failed += 1
    this.outcome.latenessMs.push(at - dueAt)
    this.chart.note(at, this.#running, this.#waiting.size, 1)
  }
}
