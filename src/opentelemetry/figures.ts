import type { BatchObservableCallback, Histogram, Meter, Observable } from './api.js'
import { VERSION, type Everybeat, type EverybeatEvents } from '../index.js'
import type { RunMessage, SettleMessage } from './channels.js'
import { FleetFiguresReader } from './fleet-figures-reader.js'

/** Most tasks with their own attribute; the others share `other`. */
const MAX_TASKS = 100
const LATENESS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const CLAIM_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Answers of Redis that end a run. */
const ENDED = ['settled', 'paused', 'abandoned']
/** Contexts of the event `error` that concern Redis, each with its attribute `kind`. */
const ERROR_KINDS: Readonly<Record<string, string>> = { index: 'index', layout: 'layout', 'lease keeper': 'lease' }

/** The metrics of one instance: named with dots, in seconds, never with the name of a schedule. */
export class Figures {
  readonly #beat: Everybeat
  readonly #meter: Meter
  readonly #lateness
  readonly #duration
  readonly #runs
  readonly #retries
  readonly #skipped
  readonly #leaseLost
  readonly #redisErrors
  readonly #claims
  readonly #claimDuration
  readonly #fleet: FleetFiguresReader
  /** The tasks with their own attribute. */
  readonly #tasks = new Set<string>()
  /** Functions that end the collection. */
  readonly #undo: (() => void)[] = []

  constructor(meter: Meter, beat: Everybeat) {
    this.#beat = beat
    this.#meter = meter
    this.#lateness = this.#seconds('everybeat.run.lateness', LATENESS_BUCKETS)
    this.#duration = this.#seconds('everybeat.run.duration', DURATION_BUCKETS)
    this.#claimDuration = this.#seconds('everybeat.claim.duration', CLAIM_BUCKETS)
    this.#runs = meter.createCounter('everybeat.runs', { unit: '{run}' })
    this.#retries = meter.createCounter('everybeat.retries', { unit: '{retry}' })
    this.#skipped = meter.createCounter('everybeat.occurrences.skipped', { unit: '{occurrence}' })
    this.#leaseLost = meter.createCounter('everybeat.lease.lost', { unit: '{lease}' })
    this.#redisErrors = meter.createCounter('everybeat.redis.errors', { unit: '{error}' })
    this.#claims = meter.createCounter('everybeat.claims', { unit: '{claim}' })
    this.#fleet = new FleetFiguresReader(beat, () => this.#redisErrors.add(1, { kind: 'scrape' }))
    this.#listen()
    this.#observeWorker()
    this.#observeFleet()
  }

  /** The lateness of retries, reruns and manual runs is not that of the schedule. */
  onStart({ run, delivery, latenessMs }: RunMessage): void {
    if (run.attempt > 1 || delivery > 1 || run.manual) return
    this.#lateness.record(latenessMs / 1_000, { task: this.#taskOf(run.task) })
  }

  onSettle({ task: name, outcome, answer, durationMs }: SettleMessage): void {
    const task = this.#taskOf(name)
    if (answer === 'retrying') this.#retries.add(1, { task })
    if (!ENDED.includes(answer)) return
    const attributes = { task, outcome: answer === 'abandoned' ? answer : outcome }
    this.#runs.add(1, attributes)
    this.#duration.record(durationMs / 1_000, attributes)
  }

  onClaim(result: string, durationMs: number): void {
    this.#claims.add(1, { result })
    this.#claimDuration.record(durationMs / 1_000)
    if (result === 'error') this.#redisErrors.add(1, { kind: 'claim' })
  }

  onSkip(reason: string, count: number): void {
    this.#skipped.add(count, { reason })
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo()
  }

  #seconds(name: string, explicitBucketBoundaries: number[]): Histogram {
    return this.#meter.createHistogram(name, { unit: 's', advice: { explicitBucketBoundaries } })
  }

  /** Counts by events. */
  #listen(): void {
    const onLost = (): void => this.#leaseLost.add(1)
    const onConnectionLost = (): void => this.#redisErrors.add(1, { kind: 'connection' })
    const onError: EverybeatEvents['error'] = ({ context, recoveredAfterMs }) => {
      const kind = ERROR_KINDS[context]
      if (kind !== undefined && recoveredAfterMs === undefined) this.#redisErrors.add(1, { kind })
    }
    this.#beat.on('lease:lost', onLost)
    this.#beat.on('connection:lost', onConnectionLost)
    this.#beat.on('error', onError)
    this.#undo.push(() => {
      this.#beat.off('lease:lost', onLost)
      this.#beat.off('connection:lost', onConnectionLost)
      this.#beat.off('error', onError)
    })
  }

  /** Observes this process when metrics are collected. */
  #observeWorker(): void {
    const running = this.#gauge('everybeat.runs.running', '{run}')
    const slots = this.#gauge('everybeat.slots.free', '{slot}')
    const offset = this.#gauge('everybeat.clock.offset', 's')
    const lag = this.#gauge('everybeat.event.loop.lag', 's')
    const build = this.#gauge('everybeat.build.info', '1')
    this.#observe([running, slots, offset, lag, build], async (result) => {
      const { running: count, slotsFree, worker, skewMs } = this.#beat.health()
      result.observe(running, count)
      if (worker !== null) result.observe(slots, slotsFree)
      if (skewMs !== null) result.observe(offset, skewMs / 1_000)
      result.observe(build, 1, { version: VERSION })
      result.observe(lag, await measureLoopLag())
    })
  }

  /** Observes the fleet when metrics are collected; when Redis does not answer, only `connected`, which is 0. */
  #observeFleet(): void {
    const connected = this.#gauge('everybeat.connected', '1')
    const schedules = this.#gauge('everybeat.schedules', '{schedule}')
    const due = this.#gauge('everybeat.due.backlog', '{schedule}')
    const overdue = this.#gauge('everybeat.overdue', 's')
    const pending = this.#gauge('everybeat.pending.runs', '{run}')
    const workers = this.#gauge('everybeat.workers', '{worker}')
    this.#observe([connected, schedules, due, overdue, pending, workers], async (result) => {
      const figures = await this.#fleet.read()
      const health = this.#beat.health()
      result.observe(connected, figures !== null && (health.connected || health.state !== 'running') ? 1 : 0)
      if (figures === null) return
      for (const [name, count] of Object.entries(figures.schedules)) result.observe(schedules, count, { state: name })
      result.observe(due, figures.dueCount)
      result.observe(overdue, figures.overdueMs / 1_000)
      result.observe(pending, figures.waitingCount)
      result.observe(workers, figures.workerCount)
    })
  }

  #gauge(name: string, unit: string): Observable {
    return this.#meter.createObservableGauge(name, { unit })
  }

  #observe(observed: Observable[], callback: BatchObservableCallback): void {
    this.#meter.addBatchObservableCallback(callback, observed)
    this.#undo.push(() => this.#meter.removeBatchObservableCallback(callback, observed))
  }

  #taskOf(task: string): string {
    if (this.#tasks.has(task)) return task
    if (this.#tasks.size >= MAX_TASKS) return 'other'
    this.#tasks.add(task)
    return task
  }
}

/** The duration of one turn of the event loop, s. */
async function measureLoopLag(): Promise<number> {
  const askedAt = performance.now()
  await new Promise((resolve) => setImmediate(resolve))
  return (performance.now() - askedAt) / 1_000
}
