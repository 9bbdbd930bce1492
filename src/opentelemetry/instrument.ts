import {
  context,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Meter,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { Everybeat } from '../index.js'
import { listenToChannels, type RunMessage, type SettleMessage } from './channels.js'

/** Options of {@link instrument}. A field that is `undefined` means its default. */
export interface InstrumentOptions {
  /** Default: the global tracer of the name `everybeat`. */
  tracer?: Tracer | undefined
  /** Default: the global meter of the name `everybeat`. */
  meter?: Meter | undefined
}

/** What {@link instrument} gives. */
export interface Instrumentation {
  /** Ends spans and metrics of this instance. */
  stop(): void
}

/** First attempts that are remembered at most. */
const MAX_FIRST = 10_000
/** Names of tasks that are attributes of metrics at most; the others are `other`. */
const MAX_TASKS = 100
const SECONDS = { unit: 's' } as const
const LATENESS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]

/**
 * Traces and measures what this instance does, by OpenTelemetry.
 *
 * Each call of a handler is a root span `run <task>` of kind CONSUMER, and the handler runs inside its context. Retries
 * and reruns are linked to the first attempt that this process has seen. An instance with nothing to run traces nothing.
 */
export function instrument(beat: Everybeat, options: InstrumentOptions = {}): Instrumentation {
  const tracer = options.tracer ?? trace.getTracer('everybeat')
  const spans = new RunSpans(tracer)
  const figures = new Figures(options.meter ?? metrics.getMeter('everybeat'), beat)
  /** The channels are of the process, which may have several instances. */
  const isOurs = (worker: string): boolean => beat.health().worker === worker
  const stopListening = listenToChannels<Context>({
    onStart: (message) => {
      if (!isOurs(message.run.worker)) return undefined
      figures.onStart(message)
      return spans.start(message)
    },
    runInside: (inside, work) => context.with(inside, work),
    onEnd: (message) => spans.end(message),
    onSettle: (message) => {
      if (!isOurs(message.worker)) return
      spans.settle(message)
      figures.onSettle(message)
    },
    onClaim: (message) => {
      if (isOurs(message.worker)) figures.onClaim(message.result, message.durationMs)
    },
    onSkip: (message) => {
      if (isOurs(message.worker)) figures.onSkip(message.reason, message.count)
    },
  })
  return {
    stop: () => {
      stopListening()
      figures.stop()
    },
  }
}

/** The spans of the calls of handlers. */
class RunSpans {
  readonly #tracer: Tracer
  /** The span of each call that goes. */
  readonly #open = new WeakMap<RunMessage, Span>()
  /** The first attempt of runs that have not ended, by run id. */
  readonly #first = new Map<string, SpanContext>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  start(message: RunMessage): Context {
    const { run, delivery, latenessMs } = message
    const first = this.#first.get(run.id)
    const span = this.#tracer.startSpan(
      `run ${run.task}`,
      {
        kind: SpanKind.CONSUMER,
        root: true,
        links: first === undefined ? [] : [{ context: first }],
        attributes: {
          'messaging.system': 'everybeat',
          'messaging.destination.name': run.task,
          'messaging.operation.type': 'process',
          'messaging.message.id': run.id,
          'faas.trigger': run.manual ? 'other' : 'timer',
          'everybeat.schedule': run.schedule,
          'everybeat.attempt': run.attempt,
          'everybeat.delivery': delivery,
          'everybeat.fence': run.fence,
          'everybeat.lateness_ms': latenessMs,
        },
      },
      ROOT_CONTEXT,
    )
    this.#open.set(message, span)
    if (first === undefined) {
      this.#first.set(run.id, span.spanContext())
      if (this.#first.size > MAX_FIRST) this.#first.delete(this.#first.keys().next().value!)
    }
    return trace.setSpan(ROOT_CONTEXT, span)
  }

  end(message: RunMessage): void {
    const span = this.#open.get(message)
    if (span === undefined) return
    this.#open.delete(message)
    if ('error' in message) {
      const error = message.error instanceof Error ? message.error : new Error(String(message.error))
      span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    }
    span.end()
  }

  /** A run that has ended for good is linked to no more; one that another worker may rerun can come back here. */
  settle({ runId, answer, retryDelayMs }: SettleMessage): void {
    if (answer === 'settled' && retryDelayMs === null) this.#first.delete(runId)
  }
}

/** The metrics of one instance: named with dots, in seconds, never with the name of a schedule. */
class Figures {
  readonly #lateness
  readonly #duration
  readonly #runs
  readonly #retries
  readonly #skipped
  readonly #leaseLost
  readonly #claims
  readonly #claimDuration
  /** The tasks that are told apart. */
  readonly #tasks = new Set<string>()
  /** Calls that end what was begun. */
  readonly #undo: (() => void)[] = []

  constructor(meter: Meter, beat: Everybeat) {
    const seconds = (name: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { ...SECONDS, advice: { explicitBucketBoundaries } })
    this.#lateness = seconds('everybeat.run.lateness', LATENESS_BUCKETS)
    this.#duration = seconds('everybeat.run.duration', DURATION_BUCKETS)
    this.#claimDuration = seconds('everybeat.claim.duration', LATENESS_BUCKETS)
    this.#runs = meter.createCounter('everybeat.runs', { unit: '{run}' })
    this.#retries = meter.createCounter('everybeat.retries', { unit: '{retry}' })
    this.#skipped = meter.createCounter('everybeat.occurrences.skipped', { unit: '{occurrence}' })
    this.#leaseLost = meter.createCounter('everybeat.lease.lost', { unit: '{lease}' })
    this.#claims = meter.createCounter('everybeat.claims', { unit: '{claim}' })
    this.#observe(meter, beat)
  }

  /** Retries and reruns have no lateness of their own. */
  onStart({ run, delivery, latenessMs }: RunMessage): void {
    if (run.attempt > 1 || delivery > 1) return
    this.#lateness.record(latenessMs / 1_000, { task: this.#taskOf(run.task) })
  }

  onSettle({ task: name, outcome, answer, durationMs, retryDelayMs }: SettleMessage): void {
    const task = this.#taskOf(name)
    this.#duration.record(durationMs / 1_000, { task, outcome })
    if (retryDelayMs !== null) this.#retries.add(1, { task })
    else if (answer === 'settled' || answer === 'abandoned') this.#runs.add(1, { task, outcome })
  }

  onClaim(result: string, durationMs: number): void {
    this.#claims.add(1, { result })
    this.#claimDuration.record(durationMs / 1_000, { result })
  }

  onSkip(reason: string, count: number): void {
    this.#skipped.add(count, { reason })
  }

  stop(): void {
    for (const undo of this.#undo.splice(0)) undo()
  }

  /** What is read only when somebody collects, and lost leases, which are an event. */
  #observe(meter: Meter, beat: Everybeat): void {
    const running = meter.createObservableGauge('everybeat.runs.running', { unit: '{run}' })
    const connected = meter.createObservableGauge('everybeat.connected')
    const offset = meter.createObservableGauge('everybeat.clock.offset', { unit: 's' })
    const observe: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
      const health = beat.health()
      result.observe(running, health.running)
      result.observe(connected, health.ok ? 1 : 0)
      if (health.skewMs !== null) result.observe(offset, health.skewMs / 1_000)
    }
    const observed = [running, connected, offset]
    meter.addBatchObservableCallback(observe, observed)
    const onLost = (): void => this.#leaseLost.add(1)
    beat.on('lease:lost', onLost)
    this.#undo.push(
      () => meter.removeBatchObservableCallback(observe, observed),
      () => void beat.off('lease:lost', onLost),
    )
  }

  #taskOf(task: string): string {
    if (this.#tasks.has(task)) return task
    if (this.#tasks.size >= MAX_TASKS) return 'other'
    this.#tasks.add(task)
    return task
  }
}
