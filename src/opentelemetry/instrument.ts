import { AfterStarts } from '../after-starts/index.js'
import type { Everybeat } from '../index.js'
import {
  activeTraceparent,
  defaultMeter,
  defaultTracer,
  reportFailure,
  runInside,
  type Context,
  type Meter,
  type Tracer,
} from './api.js'
import { listenToChannels } from './channels.js'
import { Figures } from './figures.js'
import { RunSpans } from './run-spans.js'

/** Options of {@link instrument}. A field that is `undefined` means its default. */
export interface InstrumentOptions {
  /** Default: the global tracer of the name `everybeat`. */
  tracer?: Tracer | undefined
  /** Default: the global meter of the name `everybeat`. */
  meter?: Meter | undefined
}

/** The result of {@link instrument}. */
export interface Instrumentation {
  /** Ends spans and metrics of this instance. */
  stop(): void
}

/**
 * Traces and measures the work of this instance with OpenTelemetry. Call it before `start()`, so that no run is missed.
 *
 * Each call of a handler is a root span `run <task>` of kind CONSUMER, and the handler runs inside its context. The span is
 * made when the handler first looks at its context, or as soon as the runs of this instant have started. Retries and
 * reruns, on any worker, are linked to the span of the first start, and a manual run or a
 * backfilled run to the span that was active there; where that span is not sampled, there is no link. An instance with nothing to run traces nothing.
 *
 * What it costs beside the SDK: a run of a schedule with `onCrash: 'rerun'` whose span is sampled takes one call of Redis
 * more, which nothing waits for. The figures of the fleet are read when metrics are collected, at most every 5 s.
 */
export function instrument<Tasks extends object>(
  beat: Everybeat<Tasks>,
  options: InstrumentOptions = {},
): Instrumentation {
  const instance = beat as unknown as Everybeat
  // What an exporter throws becomes a line of OpenTelemetry's own log.
  const afterStarts = new AfterStarts((error) => reportFailure('a signal of a run is lost', error))
  const spans = new RunSpans(options.tracer ?? defaultTracer(), afterStarts)
  const figures = new Figures(options.meter ?? defaultMeter(), instance)
  let known: string | null = null
  /** The channels carry the messages of all instances of the process. */
  const isOurs = (worker: string): boolean => {
    // A failed start leaves an id behind, and the next start has another.
    if (worker !== known) known = instance.health().worker
    return worker === known
  }
  const stopListening = listenToChannels<Context>({
    onStart: (message) => {
      if (!isOurs(message.run.worker)) return undefined
      afterStarts.add(() => figures.onStart(message))
      return spans.start(message)
    },
    runInside,
    onEnd: (message) => spans.end(message),
    onSettle: (message) => {
      if (!isOurs(message.worker)) return
      // Who sees the settlement of a run sees its span.
      afterStarts.doNow()
      figures.onSettle(message)
    },
    onClaim: (message) => {
      if (isOurs(message.worker)) figures.onClaim(message.result, message.durationMs)
    },
    onSkip: (message) => {
      if (isOurs(message.worker)) figures.onSkip(message.reason, message.count)
    },
    onTrigger: (message) => {
      const traceparent = activeTraceparent()
      if (traceparent !== null) message.traceparent = traceparent
    },
  })
  return {
    stop: () => {
      stopListening()
      afterStarts.doNow()
      figures.stop()
    },
  }
}
