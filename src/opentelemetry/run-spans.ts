import type { AfterStarts } from '../after-starts/index.js'
import type { Context, Tracer } from './api.js'
import type { RunMessage } from './channels.js'
import { RunContext } from './run-context.js'

/** The spans of the calls of handlers. */
export class RunSpans {
  readonly #tracer: Tracer
  readonly #afterStarts: AfterStarts
  /** The context of each running call. */
  readonly #open = new Map<RunMessage, RunContext>()

  constructor(tracer: Tracer, afterStarts: AfterStarts) {
    this.#tracer = tracer
    this.#afterStarts = afterStarts
  }

  /** A call starts. @returns the context to call the handler in */
  start(message: RunMessage): Context {
    const context = new RunContext(this.#tracer, message)
    this.#open.set(message, context)
    this.#afterStarts.add(() => context.startSpan())
    return context
  }

  /** A call has ended. */
  end(message: RunMessage): void {
    const context = this.#open.get(message)
    if (context === undefined) return
    this.#open.delete(message)
    context.noteEnd()
    this.#afterStarts.add(() => context.endSpan())
  }
}
