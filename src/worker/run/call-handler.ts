import type { Timer, TimeSource } from '../../time-source.js'
import { isRunTraced, traceRun } from '../channels.js'
import type { AbortKind, ActiveRun } from './active-run.js'
import type { Run, Task } from './task.js'
import { TracedRun } from './traced-run.js'

/** How long a handler may ignore its aborted signal before its run is abandoned without it, ms. */
export const GIVE_UP_MS = 2_000

/** How an execution ended. */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** The handler was not called: its payload does not fit, and would not the next time either. */
  | { readonly kind: 'invalid-payload'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly abort: AbortKind; readonly error: unknown }
  /** `isUnconfirmed`: replicas or lock nodes do not answer, and the next delivery should wait a moment. */
  | { readonly kind: 'not-started'; readonly abort: AbortKind | null; readonly isUnconfirmed: boolean }
  /** Another worker has started this very delivery, by a claim that Redis has lost since. */
  | { readonly kind: 'already-started' }
  /** This worker has no such task. */
  | { readonly kind: 'no-task' }

/** A call of a handler. */
export interface HandlerCall {
  readonly task: Task
  readonly run: Run
  readonly active: ActiveRun
  readonly timeoutMs: number | null
  /** How much of the timeout has passed, ms. */
  readonly spentMs: number
  readonly latenessMs: number
  readonly time: TimeSource
  /** Is called when a subscriber says in which trace the run has started. */
  readonly onTrace: (traceparent: string) => void
  /** Is called once, when the ending is decided; what it aborts does not change the ending. */
  readonly onEnd: () => void
}

/**
 * Calls the handler and waits for its end: it returns, throws, or is abandoned {@link GIVE_UP_MS} after its signal
 * aborted. An aborted run ends as aborted whatever the handler does afterwards. Never rejects.
 */
export function callHandler(call: HandlerCall): Promise<Ending> {
  return isRunTraced() ? callTraced(call) : callUntilEnd(call)
}

/** The same, with the subscribers of `everybeat:run` informed: an ending that is no return is an error to them. */
async function callTraced(call: HandlerCall): Promise<Ending> {
  let ending: Ending | undefined
  const work = async (): Promise<unknown> => {
    ending = await callUntilEnd(call)
    if (ending.kind === 'returned') return ending.value
    throw 'error' in ending ? ending.error : new Error(ending.kind)
  }
  const trace = new TracedRun(call.run, call.active.claimed, call.latenessMs)
  try {
    const traced = traceRun(trace, work)
    trace.tell(call.onTrace)
    await traced
  } catch (error) {
    return ending ?? { kind: 'threw', error }
  }
  return ending!
}

function callUntilEnd({ task, run, active, timeoutMs, spentMs, time, onEnd }: HandlerCall): Promise<Ending> {
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
      resolve(abort ? { kind: 'aborted', abort: abort.kind, error: abort.error } : ending)
      onEnd()
    }
    active.onAbort(() => {
      if (!hasEnded) abandonTimer = time.setTimeout(() => end(ABANDONED), GIVE_UP_MS)
    })
    void settleHandler(task, run).then(end)
  })
}

/** The ending of a handler that ignores its aborted signal; the abort says what became of the run. */
const ABANDONED: Ending = { kind: 'threw', error: null }

/** A handler that throws at once is no different from one that rejects. */
async function settleHandler(task: Task, run: Run): Promise<Ending> {
  try {
    return { kind: 'returned', value: await task.handler(run) }
  } catch (error) {
    return { kind: 'threw', error }
  }
}

/** Aborts a run when the rest of its timeout has passed. */
export function abortAfter(active: ActiveRun, timeoutMs: number, spentMs: number, time: TimeSource): Timer {
  const message = `run ${active.claimed.runId} took longer than its timeout of ${timeoutMs} ms`
  return time.setTimeout(() => active.abort('timeout', message), timeoutMs - spentMs)
}
