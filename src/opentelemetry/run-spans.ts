import {
  contextOf,
  failSpan,
  linksTo,
  startRootSpan,
  traceparentOf,
  type Context,
  type Span,
  type Tracer,
} from './api.js'
import type { RunMessage } from './channels.js'

/** The spans of the calls of handlers. */
export class RunSpans {
  readonly #tracer: Tracer
  /** The span of each call that goes. */
  readonly #open = new WeakMap<RunMessage, Span>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** Starts the span of a call. @returns the context to call the handler in */
  start(message: RunMessage): Context {
    const { run, delivery, latenessMs, cron, cause } = message
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
    const span = startRootSpan(this.#tracer, `run ${run.task}`, attributes, linksTo(cause))
    this.#open.set(message, span)
    // Every later start is linked to the first one, which itself may be linked to who asked for the run.
    if (cause === null || (run.attempt === 1 && delivery === 1)) {
      const traceparent = traceparentOf(span)
      if (traceparent !== null) message.traceparent = traceparent
    }
    return contextOf(span)
  }

  /** Ends the span of a call, with what it threw. */
  end(message: RunMessage): void {
    const span = this.#open.get(message)
    if (span === undefined) return
    this.#open.delete(message)
    if ('error' in message) failSpan(span, message.error)
    span.end()
  }
}
