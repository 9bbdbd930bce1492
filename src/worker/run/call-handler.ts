import type { Timer, TimeSource } from '../../time-source.js'
import { isRunTraced, publishEnd, publishStart, type RunTrace } from '../channels.js'
import type { AbortKind, ActiveRun } from './active-run.js'
import type { Run, Task } from './task.js'
import { TracedRun } from './traced-run.js'

/** Time that a handler has to end after its signal aborted, ms; then its run is abandoned. */
export const GIVE_UP_MS = 2_000

/** How an execution ended. */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** The handler was not called, because its payload does not fit. No retry would change that. */
  | { readonly kind: 'invalid-payload'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly abort: AbortKind; readonly error: unknown }
  /** The handler was not called. `isUnconfirmed`: replicas or lock nodes did not answer, so the next delivery waits. */
  | { readonly kind: 'not-started'; readonly abort: AbortKind | null; readonly isUnconfirmed: boolean }
  /** Another worker has started the same delivery, by a claim that Redis has lost since. */
  | { readonly kind: 'already-started' }
  /** This worker has no such task. */
  | { readonly kind: 'no-task' }

/** A call of a handler. */
export interface HandlerCall {
  readonly task: Task
  readonly run: Run
  readonly active: ActiveRun
  readonly timeoutMs: number | null
  /** Part of the timeout that has passed, ms. */
  readonly spentMs: number
  readonly latenessMs: number
  /** Whether `everybeat:run` tells of the call. */
  readonly isPublished: boolean
  readonly time: TimeSource
  /** Called when a subscriber gives the trace in which the run has started. */
  readonly onTrace: (traceparent: string) => void
  /** Called once, when the ending is decided; an abort in it does not change the ending. */
  readonly onEnd: () => void
}

/**
 * Calls the handler and waits until it returns, throws, or is abandoned {@link GIVE_UP_MS} after its signal aborted. An
 * aborted run ends as aborted, whatever the handler does afterwards. Never rejects.
 */
export function callHandler(call: HandlerCall): Promise<Ending> {
  return call.isPublished && isRunTraced() ? callTraced(call) : callUntilEnd(call)
}

/** Calls the handler and publishes the call on `everybeat:run`, where each ending without a return is an error. */
function callTraced(call: HandlerCall): Promise<Ending> {
  const trace: RunTrace & TracedRun = new TracedRun(call.run, call.active.claimed, call.latenessMs)
  const onEnding = (ending: Ending): void => {
    if (ending.kind === 'returned') trace.result = ending.value
    else trace.error = 'error' in ending ? ending.error : new Error(ending.kind)
    publishEnd(trace)
  }
  const called = publishStart(trace, () => callUntilEnd(call, onEnding))
  trace.tell(call.onTrace)
  return called
}

/** @param onEnding called with the ending before the promise resolves */
function callUntilEnd(call: HandlerCall, onEnding?: (ending: Ending) => void): Promise<Ending> {
  const { task, run, active, timeoutMs, spentMs, time, onEnd } = call
  return new Promise((resolve) => {
    const timer = timeoutMs === null ? null : abortAfter(active, timeoutMs, spentMs, time)
    let abandonTimer: Timer | null = null
    let hasEnded = false
    const end = (ending: Ending) => {
      if (hasEnded) return
      hasEnded = true
      if (timer) time.clearTimeout(timer)
      if (abandonTimer) time.clearTimeout(abandonTimer)
      const abort = active.aborted
      const decided: Ending = abort ? { kind: 'aborted', abort: abort.kind, error: abort.error } : ending
      onEnding?.(decided)
      resolve(decided)
      onEnd()
    }
    active.onAbort(() => {
      if (!hasEnded) abandonTimer = time.setTimeout(() => end(ABANDONED), GIVE_UP_MS)
    })
    settleHandler(task, run, end)
  })
}

/** The ending of a handler that ignores its aborted signal; the abort decides the outcome of the run. */
const ABANDONED: Ending = { kind: 'threw', error: null }

/**
 * Calls the handler, and `end` in a later microtask; a synchronous throw ends as a rejection does. This is no async
 * function, because the promises of one cost more than the rest of a short run.
 */
function settleHandler(task: Task, run: Run, end: (ending: Ending) => void): void {
  let returned: Promise<unknown>
  try {
    returned = Promise.resolve(task.handler(run))
  } catch (error) {
    returned = Promise.reject(error as Error)
  }
  void returned.then(
    (value) => end({ kind: 'returned', value }),
    (error: unknown) => end({ kind: 'threw', error }),
  )
}

/** Starts the timer that aborts a run after the rest of its timeout. */
export function abortAfter(active: ActiveRun, timeoutMs: number, spentMs: number, time: TimeSource): Timer {
  const message = `run ${active.claimed.runId} took longer than its timeout of ${timeoutMs} ms`
  return time.setTimeout(() => active.abort('timeout', message), timeoutMs - spentMs)
}
