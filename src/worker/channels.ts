import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { Run } from './run/task.js'

/** The message of the tracing channel `everybeat:run` about one call of a handler. */
export interface RunTrace {
  /** The argument of the handler. */
  readonly run: Run
  /** Number of the delivery, from 1; a rerun after a crash adds one, a retry does not. */
  readonly delivery: number
  /** Time from the instant of the run to its start, ms; 0 for retries, reruns and backfills. */
  readonly latenessMs: number
  /** The cron expression of its schedule; null for another trigger. */
  readonly cron: string | null
  /** W3C `traceparent` of the first start of the run on any worker, or of the caller of a manual run; null for none. */
  readonly cause: string | null
  /**
   * Set by a subscriber at `start`, or later while the handler runs: the `traceparent` that a retry or a rerun on any
   * worker gets as its `cause`.
   */
  traceparent?: string | undefined
  /** The value that the handler returned; set before `asyncEnd`. */
  result?: unknown
  /** The value that the handler threw, or the reason of its abort; set before `error` and `asyncEnd`. */
  error?: unknown
}

/** The message of the channel `everybeat:claim` about one claim. */
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
  /** The error of the connection; only with `error`. */
  readonly error?: unknown
}

/**
 * What Redis recorded. `rerun`, `abandoned`: the lease was lost, or the worker abandoned the run. `lost`: another worker has
 * the run. `forgotten`: the schedule was removed.
 */
export type SettleAnswer =
  'settled' | 'retrying' | 'paused' | 'rerun' | 'abandoned' | 'returned' | 'lost' | 'forgotten' | 'unrecorded'

/** The message of the channel `everybeat:settle` about one settlement that Redis has answered. */
export interface SettleMessage {
  /** Id of the run: the same across its attempts and deliveries. */
  readonly runId: string
  /** Name of the schedule; a generated name for a run of `handle.run()`. */
  readonly schedule: string
  /** Name of the task. */
  readonly task: string
  /** Id of the worker that ran it. */
  readonly worker: string
  /** The nominal instant, epoch ms. */
  readonly scheduledAt: number
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** Number of the delivery, from 1; a rerun after a crash adds one, a retry does not. */
  readonly delivery: number
  /** Fencing token of the claim. */
  readonly fence: number
  /** How the run ended on this worker. */
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'abandoned' | 'returned'
  /** What Redis recorded. */
  readonly answer: SettleAnswer
  /** The reason why the run did not succeed; empty when it did. */
  readonly reason: string
  /** Duration of the handler, ms. */
  readonly durationMs: number
  /** Time from the start instant to the start of the handler, ms; 0 for retries and reruns. */
  readonly latenessMs: number
  /** Delay before the next attempt, ms; null when there is none. */
  readonly retryDelayMs: number | null
  /** The value that the handler threw. */
  readonly error?: unknown
}

/** The message of the channel `everybeat:skip` about occurrences that end without a run. */
export interface SkipMessage {
  /** Id of the worker that decided to skip them. */
  readonly worker: string
  /** Name of the schedule. */
  readonly schedule: string
  /** The nominal instant of the first of these occurrences, epoch ms. */
  readonly scheduledAt: number
  /** The reason, as in `run:skipped`. */
  readonly reason: string
  /** Number of consecutive occurrences that the message covers. */
  readonly count: number
}

/** Channel of each claim that is answered or failed. */
export const CLAIM_CHANNEL = channel('everybeat:claim')
/** Channel of each settlement that is answered. */
export const SETTLE_CHANNEL = channel('everybeat:settle')
/** Channel of occurrences that end without a run. */
export const SKIP_CHANNEL = channel('everybeat:skip')

const RUN_CHANNEL = tracingChannel<unknown, RunTrace>('everybeat:run')

/** Whether `everybeat:run` has subscribers. A `TracingChannel` of the oldest supported Node.js has no such property. */
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
 * Calls `work` inside the context that subscribers of `everybeat:run` bind, and publishes `start` and `end`. Together with
 * {@link publishEnd} it publishes what `tracePromise` does, but without the promises that it creates: each of them takes up
 * to a microsecond when async contexts are followed, and other runs wait for their start.
 */
export function publishStart<Result>(trace: RunTrace, work: () => Result): Result {
  const { start, end } = RUN_CHANNEL
  const call = (): Result => {
    try {
      return work()
    } finally {
      end.publish(trace)
    }
  }
  return start.runStores(trace, call) as Result
}

/** Publishes how a call has ended: with its `error`, if it has one, or else its `result`. */
export function publishEnd(trace: RunTrace): void {
  const { error, asyncStart, asyncEnd } = RUN_CHANNEL
  if ('error' in trace) error.publish(trace)
  asyncStart.publish(trace)
  asyncEnd.publish(trace)
}
