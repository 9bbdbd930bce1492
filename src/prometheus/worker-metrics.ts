import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { AfterStarts } from '../after-starts/index.js'
import type { Everybeat, EverybeatEvents, Run, SkipReason } from '../index.js'
import type { MetricFactory } from './metric-factory.js'

const LATENESS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600]
const CLAIM_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** Most tasks with their own series; later tasks share the label `other`. */
const MOST_TASKS = 100
/** Answers of Redis that end a run. */
const ENDED = ['settled', 'paused', 'abandoned']
/** Contexts of the event `error` that concern Redis, each with its label `kind`. */
const ERROR_KINDS: Readonly<Record<string, string>> = { index: 'index', layout: 'layout', 'lease keeper': 'lease' }

/** Every reason to skip an occurrence. */
const SKIP_REASONS: Readonly<Record<SkipReason, true>> = {
  overlap: true,
  'max-concurrent': true,
  replaced: true,
  misfire: true,
  'catch-up-window': true,
  'catch-up-cap': true,
  paused: true,
  disabled: true,
  invalid: true,
}

interface ClaimMessage {
  readonly worker: string
  readonly result: string
  readonly durationMs: number
}

interface SettleMessage {
  readonly worker: string
  readonly task: string
  readonly outcome: string
  readonly answer: string
  readonly durationMs: number
}

interface SkipMessage {
  readonly worker: string
  readonly reason: string
  readonly count: number
}

interface RunMessage {
  readonly run: Run
  readonly delivery: number
  readonly latenessMs: number
}

type Recorders = ReturnType<typeof createRecorders>

/** Counts the work of one worker, from its diagnostics channels and its events. */
export class WorkerMetrics {
  readonly #beat: Everybeat
  readonly #record: Recorders
  /** Tasks that have series of their own. */
  readonly #tasks = new Set<string>()
  /** The id of the instance's worker, once it has one. */
  #worker: string | null = null
  #isStopped = false
  /** The counts of starts. */
  readonly #afterStarts = new AfterStarts(() => {})

  constructor(beat: Everybeat, factory: MetricFactory) {
    this.#beat = beat
    this.#record = createRecorders(factory, () =>
      this.#isStopped ? [] : beat.registeredTasks.map((name) => this.#taskLabel(name)),
    )
    subscribe('everybeat:claim', this.#onClaim)
    subscribe('everybeat:settle', this.#onSettle)
    subscribe('everybeat:skip', this.#onSkip)
    tracingChannel('everybeat:run').start.subscribe(this.#onRun)
    beat.on('lease:lost', this.#onLeaseLost)
    beat.on('connection:lost', this.#onConnectionLost)
    beat.on('error', this.#onError)
  }

  /** Counts that a read of the fleet failed. */
  noteFailedRead(): void {
    this.#record.redisErrors({ kind: 'scrape' })
  }

  /** Ends the counting. */
  stop(): void {
    this.#isStopped = true
    this.#afterStarts.clear()
    unsubscribe('everybeat:claim', this.#onClaim)
    unsubscribe('everybeat:settle', this.#onSettle)
    unsubscribe('everybeat:skip', this.#onSkip)
    tracingChannel('everybeat:run').start.unsubscribe(this.#onRun)
    this.#beat.off('lease:lost', this.#onLeaseLost)
    this.#beat.off('connection:lost', this.#onConnectionLost)
    this.#beat.off('error', this.#onError)
  }

  readonly #onClaim = (message: unknown): void => {
    const { worker, result, durationMs } = message as ClaimMessage
    if (!this.#isOurs(worker)) return
    this.#record.claims({ result })
    this.#record.claimDuration(durationMs / 1_000)
    if (result === 'error') this.#record.redisErrors({ kind: 'claim' })
  }

  readonly #onRun = (message: unknown): void => {
    const { run, delivery, latenessMs } = message as RunMessage
    // The lateness of retries, reruns and manual runs is not that of the schedule.
    if (!this.#isOurs(run.worker) || run.attempt > 1 || delivery > 1 || run.manual) return
    this.#afterStarts.add(() => this.#record.lateness(latenessMs / 1_000, { task: this.#taskLabel(run.task) }))
  }

  readonly #onSettle = (message: unknown): void => {
    const { worker, task: name, outcome, answer, durationMs } = message as SettleMessage
    if (!this.#isOurs(worker)) return
    // A run that is counted as ended is counted as started.
    this.#afterStarts.doNow()
    const task = this.#taskLabel(name)
    if (answer === 'retrying') this.#record.retries({ task })
    if (!ENDED.includes(answer)) return
    const labels = { task, outcome: answer === 'abandoned' ? answer : outcome }
    this.#record.runs(labels)
    this.#record.duration(durationMs / 1_000, labels)
  }

  readonly #onSkip = (message: unknown): void => {
    const { worker, reason, count } = message as SkipMessage
    if (this.#isOurs(worker)) this.#record.skips(count, { reason })
  }

  readonly #onLeaseLost = (): void => this.#record.leaseLost()

  readonly #onConnectionLost = (): void => this.#record.redisErrors({ kind: 'connection' })

  readonly #onError: EverybeatEvents['error'] = ({ context, recoveredAfterMs }) => {
    const kind = ERROR_KINDS[context]
    if (kind !== undefined && recoveredAfterMs === undefined) this.#record.redisErrors({ kind })
  }

  /** Whether a message is of this instance: the channels carry those of every instance of the process. */
  #isOurs(worker: string): boolean {
    // After a failed start the instance has the id of the failed worker, and the next start gives another.
    if (worker !== this.#worker) this.#worker = this.#beat.health().worker
    return worker === this.#worker
  }

  #taskLabel(task: string): string {
    if (this.#tasks.has(task)) return task
    if (this.#tasks.size >= MOST_TASKS) return 'other'
    this.#tasks.add(task)
    return task
  }
}

/** @param tasks labels of the registered tasks */
function createRecorders(factory: MetricFactory, tasks: () => readonly string[]) {
  const skipped = 'Occurrences that ended without a run, by reason'
  return {
    lateness: factory.histogram(
      'run_lateness_seconds',
      'How long after its instant a run started; without retries, reruns and manual runs',
      ['task'],
      LATENESS_BUCKETS,
    ),
    duration: factory.histogram(
      'run_duration_seconds',
      'How long the last attempt of an ended run took',
      ['task', 'outcome'],
      DURATION_BUCKETS,
    ),
    runs: factory.counter('runs_total', 'Runs that ended', ['task', 'outcome'], () =>
      tasks().flatMap((task) => [
        { task, outcome: 'ok' },
        { task, outcome: 'failed' },
      ]),
    ),
    skips: factory.counterBy('occurrences_skipped_total', skipped, ['reason'], () =>
      Object.keys(SKIP_REASONS).map((reason) => ({ reason })),
    ),
    retries: factory.counter('retries_total', 'Attempts that failed and are tried again', ['task'], () =>
      tasks().map((task) => ({ task })),
    ),
    leaseLost: factory.counter('lease_lost_total', 'Runs whose lease was lost'),
    redisErrors: factory.counter('redis_errors_total', 'Errors in talking with Redis, by kind', ['kind'], () =>
      ['claim', 'connection', 'scrape', ...Object.values(ERROR_KINDS)].map((kind) => ({ kind })),
    ),
    claims: factory.counter('claims_total', 'Claims, by result: won, empty, error', ['result'], () =>
      ['won', 'empty', 'error'].map((result) => ({ result })),
    ),
    claimDuration: factory.histogram(
      'claim_duration_seconds',
      'From the request of a claim to its reply',
      [],
      CLAIM_BUCKETS,
    ),
  }
}
