import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { Run, TriggerMessage } from '../index.js'

/** The message of the tracing channel `everybeat:run` about one call of a handler. */
export interface RunMessage {
  readonly run: Run
  readonly delivery: number
  readonly latenessMs: number
  readonly cron: string | null
  readonly cause: string | null
  traceparent?: string
  error?: unknown
}

/** The message of `everybeat:settle`. */
export interface SettleMessage {
  readonly runId: string
  readonly task: string
  readonly worker: string
  readonly outcome: string
  readonly answer: string
  readonly durationMs: number
  readonly retryDelayMs: number | null
}

/** The message of `everybeat:claim`. */
export interface ClaimMessage {
  readonly worker: string
  readonly result: 'won' | 'empty' | 'error'
  readonly durationMs: number
}

/** The message of `everybeat:skip`. */
export interface SkipMessage {
  readonly worker: string
  readonly reason: string
  readonly count: number
}

/** The listeners of the channels. */
export interface ChannelListeners<Context> {
  /** A handler is about to be called: gives the context to call it in, or undefined to leave it as it is. */
  readonly onStart: (message: RunMessage) => Context | undefined
  /** Calls a function inside a context. */
  readonly runInside: <Result>(context: Context, work: () => Result) => Result
  /** The handler ended; `message.error` says how. */
  readonly onEnd: (message: RunMessage) => void
  readonly onSettle: (message: SettleMessage) => void
  readonly onClaim: (message: ClaimMessage) => void
  readonly onSkip: (message: SkipMessage) => void
  /** A manual run or a backfill is about to be requested; `message.traceparent` may be set. */
  readonly onTrigger: (message: TriggerMessage) => void
}

/** A store that enters the context of another library: work inside it runs inside that context. */
class ForeignContext<Context> extends AsyncLocalStorage<Context | undefined> {
  readonly #runInside: ChannelListeners<Context>['runInside']

  constructor(runInside: ChannelListeners<Context>['runInside']) {
    super()
    this.#runInside = runInside
  }

  override run<Result, Args extends unknown[]>(
    context: Context | undefined,
    work: (...args: Args) => Result,
    ...args: Args
  ): Result {
    return context === undefined ? work(...args) : this.#runInside(context, () => work(...args))
  }
}

/**
 * Listens to the diagnostics channels of all instances in the process.
 *
 * @returns a function that ends the listening
 */
export function listenToChannels<Context>(listeners: ChannelListeners<Context>): () => void {
  const runs = tracingChannel<unknown, RunMessage>('everybeat:run')
  const store = new ForeignContext<Context>(listeners.runInside)
  runs.start.bindStore(store as never, ((message: RunMessage) => listeners.onStart(message)) as never)
  const onEnd = (message: unknown): void => listeners.onEnd(message as RunMessage)
  runs.asyncEnd.subscribe(onEnd)
  const plain = [
    ['everybeat:settle', (message: unknown) => listeners.onSettle(message as SettleMessage)],
    ['everybeat:claim', (message: unknown) => listeners.onClaim(message as ClaimMessage)],
    ['everybeat:skip', (message: unknown) => listeners.onSkip(message as SkipMessage)],
    ['everybeat:trigger', (message: unknown) => listeners.onTrigger(message as TriggerMessage)],
  ] as const
  for (const [name, listener] of plain) subscribe(name, listener)
  return () => {
    runs.start.unbindStore(store as never)
    runs.asyncEnd.unsubscribe(onEnd)
    for (const [name, listener] of plain) unsubscribe(name, listener)
  }
}
