import {
  contextOf,
  failSpan,
  linksTo,
  startRootSpan,
  traceparentOf,
  type Context,
  type Span,
  type SpanStart,
  type Tracer,
} from './api.js'
import type { RunMessage } from './channels.js'

/**
 * The context that a handler is called in: that of the span of its run, which is made when something is looked up in the
 * context for the first time, or when it is asked for. Its span starts when the context was made, whenever that is.
 */
export class RunContext implements Context {
  readonly #tracer: Tracer
  readonly #message: RunMessage
  /** When the context was made, epoch ms. */
  readonly #madeAtMs = Date.now()
  /** The same on the monotonic clock, ms. */
  readonly #madeAtMonotonic = performance.now()
  /** The span of the run; null until it is made. */
  #span: Span | null = null
  /** The context of the span; null until something is looked up. */
  #context: Context | null = null
  /** When the handler ended, epoch ms; null while it runs. */
  #endedAtMs: number | null = null

  constructor(tracer: Tracer, message: RunMessage) {
    this.#tracer = tracer
    this.#message = message
  }

  getValue(key: symbol): unknown {
    return this.#resolve().getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#resolve().setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#resolve().deleteValue(key)
  }

  /** Starts the span, unless it was started. */
  startSpan(): Span {
    if (this.#span !== null) return this.#span
    const message = this.#message
    const { run, delivery, cause } = message
    const span = startRootSpan(this.#tracer, describeSpan(message, this.#madeAtMs))
    this.#span = span
    // Every later start is linked to the first one, which itself may be linked to who asked for the run. After a run that
    // has succeeded there is none.
    if (this.#endedAtMs === null && (cause === null || (run.attempt === 1 && delivery === 1))) {
      const traceparent = traceparentOf(span)
      if (traceparent !== null) message.traceparent = traceparent
    }
    return span
  }

  /** Notes the end of the handler, with an error if the message has one: {@link endSpan} ends the span as of now. */
  noteEnd(): void {
    // The settlement, which comes next, carries the trace to a retry or a rerun.
    if ('error' in this.#message) this.startSpan()
    // By the monotonic clock: a span is as long as its run took, also when the clock is set during the run.
    this.#endedAtMs = this.#madeAtMs + performance.now() - this.#madeAtMonotonic
  }

  /** Ends the span of a handler that has ended. */
  endSpan(): void {
    const span = this.startSpan()
    const endedAtMs = this.#endedAtMs ?? Date.now()
    if ('error' in this.#message) failSpan(span, this.#message.error, endedAtMs)
    span.end(endedAtMs)
  }

  #resolve(): Context {
    return (this.#context ??= contextOf(this.startSpan()))
  }
}

function describeSpan({ run, delivery, latenessMs, cron, cause }: RunMessage, startTime: number): SpanStart {
  const attributes = {
    'messaging.system': 'everybeat',
    'messaging.destination.name': run.task,
    'messaging.operation.type': 'process',
    'messaging.message.id': run.id,
    'faas.trigger': run.manual ? 'other' : 'timer',
    ...(cron === null ? {} : { 'faas.cron': cron }),
    'everybeat.schedule': run.schedule,
    'everybeat.attempt': run.attempt,
    'everybeat.delivery': delivery,
    'everybeat.fence': run.fence,
    'everybeat.lateness_ms': latenessMs,
  }
  return { name: `run ${run.task}`, attributes, links: linksTo(cause), startTime }
}
