import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { SettleOutcome } from './store.js'
import type { Run } from './run/task.js'

/** What the tracing channel `everybeat:run` says of one call of a handler. */
export interface RunTrace {
  /** What the handler gets. */
  readonly run: Run
  /** From 1; a rerun after a crash adds one, a retry does not. */
  readonly delivery: number
  /** How much later than its instant the run started, ms; 0 for retries, reruns and backfills. */
  readonly latenessMs: number
  /** The cron expression of its schedule; null where it has another trigger. */
  readonly cron: string | null
  /** W3C `traceparent` of its first start, on any worker, or of the caller of a manual run; null where none is known. */
  readonly cause: string | null
  /**
   * A subscriber sets it at `start`, or later while the handler runs: the `traceparent` that a retry or a rerun, on any
   * worker, has as its `cause`.
   */
  traceparent?: string | undefined
  /** What the handler returned; set before `asyncEnd`. */
  result?: unknown
  /** What the handler threw, or why it was aborted; set before `error` and `asyncEnd`. */
  error?: unknown
}

/** What the channel `everybeat:claim` says of one claim. */
export interface ClaimMessage {
  /** Id of the worker that claimed. */
  readonly worker: string
  /** Index of the shard, from 0. */
  readonly shard: number
  /** `empty`: the claim won nothing. `error`: Redis did not answer, or refused. */
  readonly result: 'won' | 'empty' | 'error'
  /** Runs that the claim won. */
  readonly runCount: number
  /** From the request to the reply, ms. */
  readonly durationMs: number
  /** What the connection threw; only with `error`. */
  readonly error?: unknown
}

/** What the channel `everybeat:settle` says of one settlement that Redis has answered. */
export interface SettleMessage {
  /** Id of the run: the same across its attempts and deliveries. */
  readonly runId: string
  /** Name of the schedule; of a run of `handle.run()`, a name that was made for it. */
  readonly schedule: string
  /** Name of the task. */
  readonly task: string
  /** Id of the worker that ran it. */
  readonly worker: string
  /** The nominal instant, epoch ms. */
  readonly scheduledAt: number
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** How often the run was handed to a worker, this time included; a retry does not count. */
  readonly delivery: number
  /** Fencing token of the claim. */
  readonly fence: number
  /** How the run ended on this worker. */
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'abandoned' | 'returned'
  /** What Redis made of it. */
  readonly answer: SettleOutcome
  /** Why the run did not succeed; empty for none. */
  readonly reason: string
  /** How long the handler took, ms. */
  readonly durationMs: number
  /** How much later than its start instant the handler started, ms; 0 for retries and reruns. */
  readonly latenessMs: number
  /** Delay before the next attempt, ms; null when there is none. */
  readonly retryDelayMs: number | null
  /** What the handler threw. */
  readonly error?: unknown
}

/** What the channel `everybeat:skip` says of occurrences that end without a run. */
export interface SkipMessage {
  /** Id of the worker that decided it. */
  readonly worker: string
  /** Name of the schedule. */
  readonly schedule: string
  /** The nominal instant, epoch ms; of the first where `count` is more than 1. */
  readonly scheduledAt: number
  /** Why they do not run: a reason of `run:skipped`. */
  readonly reason: string
  /** How many neighbouring occurrences the message covers. */
  readonly count: number
}

/** Channel of each claim that is answered or failed. */
export const CLAIM_CHANNEL = channel('everybeat:claim')
/** Channel of each settlement that is answered. */
export const SETTLE_CHANNEL = channel('everybeat:settle')
/** Channel of occurrences that end without a run. */
export const SKIP_CHANNEL = channel('everybeat:skip')

const RUN_CHANNEL = tracingChannel<unknown, RunTrace>('everybeat:run')

/** Whether a subscriber traces runs: a `TracingChannel` of the oldest supported Node.js does not say so itself. */
export function isRunTraced(): boolean {
  const { start, end, asyncStart, asyncEnd, error } = RUN_CHANNEL
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}

/**
 * Calls `work` inside the context that subscribers of `everybeat:run` bind, and tells them how its promise ends.
 *
 * @returns the promise of `work`
 */
export function traceRun<Result>(trace: RunTrace, work: () => Promise<Result>): Promise<Result> {
  return RUN_CHANNEL.tracePromise(work, trace) as Promise<Result>
}
