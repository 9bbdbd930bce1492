import { describeError } from '../../events/describe-error.js'
import { toErrorData, type ErrorData } from '../../events/events.js'
import { retryDelay } from '../../schedule/backoff.js'
import { refillPlan } from '../../schedule/decide-plan.js'
import type { Definition } from '../../schedule/definition.js'
import type { InstantRule } from '../../schedule/instant-rules.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { Settlement } from '../store.js'
import { ABORTS, type ActiveRun } from './active-run.js'
import type { Ending } from './call-handler.js'
import { leaveToAuthority, needsRefill, type RunEnd } from './execute-run.js'

/** Longest stored result and longest stored description of an error, characters. */
const STORED_TEXT_LENGTH = 4_096
/** Delay before the next delivery of a run that replicas or lock nodes did not confirm, ms. */
const UNCONFIRMED_DELAY_MS = 500

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

/** The settlement of a run, and its error. */
export type Decided = Settlement & {
  /** The error as plain data; null for a success. */
  readonly error: ErrorData | null
  /** The thrown value, or the reason of the abort; undefined for a success. */
  readonly thrown: unknown
}

/** Decides the settlement of a run: its outcome, its next attempt, and the refill of its plan. */
export function decideSettlement(shard: ShardRuntime, end: RunEnd): Decided {
  const { run, ending } = end
  const base = baseOf(shard, end)
  switch (ending.kind) {
    case 'returned':
      base.resultText = resultText(ending.value)
      return base
    case 'already-started':
      return { ...base, outcome: 'abandoned', reason: 'started-elsewhere' }
    case 'not-started':
      return decideNotStarted(base, ending)
    case 'no-task':
      return decideFailure(shard, end, base, new Error(`this worker has no task ${JSON.stringify(run.task)}`))
    case 'invalid-payload':
      return { ...base, ...describeFailure(ending.error), outcome: 'failed', reason: 'payload' }
    case 'threw':
      return decideFailure(shard, end, base, ending.error)
    case 'aborted':
      if (ending.abort === 'timeout') return decideFailure(shard, end, base, ending.error)
      return {
        ...base,
        ...describeFailure(ending.error),
        outcome: ABORTS[ending.abort].outcome,
        reason: ending.abort,
        ...traceOf(run),
      }
  }
}

function baseOf(shard: ShardRuntime, end: RunEnd): Writable<Decided> {
  return {
    run: end.run.claimed,
    outcome: 'ok',
    reason: '',
    durationMs: Math.max(0, Math.round(end.durationMs)),
    latenessMs: Math.round(end.latenessMs),
    resultText: '',
    errorText: '',
    retryDelayMs: null,
    pauseAfter: pauseAfterOf(end.run),
    refill: decideRefill(shard, end),
    error: null,
    thrown: undefined,
  }
}

/**
 * The settlement of a run that did not start: a cancellation or a replacement ends it; for any other reason, which
 * concerns this worker only, it is returned.
 */
function decideNotStarted(base: Decided, ending: Extract<Ending, { kind: 'not-started' }>): Decided {
  const { abort, isUnconfirmed } = ending
  if (abort === 'cancelled' || abort === 'replaced') return { ...base, outcome: 'cancelled', reason: abort }
  const retryDelayMs = isUnconfirmed ? UNCONFIRMED_DELAY_MS : 0
  return { ...base, outcome: 'returned', reason: 'unstarted', refill: null, retryDelayMs }
}

/** The settlement of a failure, with another attempt if the definition or the task allows one. */
function decideFailure(shard: ShardRuntime, end: RunEnd, base: Decided, error: unknown): Decided {
  const { attempt } = base.run
  const definition = readIfReadable(end.run)
  const task = shard.tasks.get(end.run.task)
  const retries = definition?.retries ?? task?.retries ?? 0
  const backoff = definition?.backoff ?? task?.backoff
  const retryDelayMs = backoff && attempt <= retries ? retryDelay(backoff, attempt, shard.time.random()) : null
  const reason = end.ending.kind === 'aborted' ? 'timeout' : 'error'
  return { ...base, ...describeFailure(error), outcome: 'failed', reason, retryDelayMs, ...traceOf(end.run) }
}

/** The trace of the first start, for the next attempt or delivery. */
function traceOf({ traceparent }: ActiveRun): Pick<Settlement, 'traceparent'> {
  return traceparent === null ? {} : { traceparent }
}

function describeFailure(thrown: unknown): Pick<Decided, 'error' | 'thrown' | 'errorText'> {
  return { error: toErrorData(thrown), thrown, errorText: describeError(thrown, STORED_TEXT_LENGTH) }
}

function pauseAfterOf({ definition }: ActiveRun): number {
  try {
    return definition.settings().pauseAfter ?? 0
  } catch {
    return 0
  }
}

/** The whole definition; null if this worker cannot decode it. Decoding it is slow, so it is done only on demand. */
function readIfReadable({ definition }: ActiveRun): Definition | null {
  try {
    return definition.read()
  } catch {
    return null
  }
}

/**
 * The refill of the plan. A worker that cannot decode a definition (a newer worker planned it) must not close its plan.
 */
function decideRefill(shard: ShardRuntime, { run }: RunEnd): Settlement['refill'] {
  const { claimed } = run
  if (!needsRefill(shard, claimed)) return null
  const rule = ruleIfReadable(run)
  const refill = rule && refillPlan(rule, claimed.remainingPlan, claimed.nominalMs)
  return refill && !leaveToAuthority(shard, claimed.schedule, rule) ? refill : null
}

function ruleIfReadable({ definition }: ActiveRun): InstantRule | null {
  try {
    return definition.rule()
  } catch {
    return null
  }
}

/**
 * The result of the handler as JSON for the history; a note replaces a result without a JSON form or of excessive
 * length.
 */
function resultText(value: unknown): string {
  if (value === undefined) return ''
  try {
    const text = JSON.stringify(value) ?? ''
    if (text.length <= STORED_TEXT_LENGTH) return text
    return JSON.stringify({
      omitted: `the result is ${text.length} characters long; at most ${STORED_TEXT_LENGTH} are kept`,
    })
  } catch (error) {
    return JSON.stringify({ omitted: `the result is not JSON: ${toErrorData(error).message}` })
  }
}
