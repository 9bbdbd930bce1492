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

/** Longest result and longest description of an error that are stored, characters. */
const STORED_TEXT_LENGTH = 4_096
/** Delay before a run is delivered again that replicas or lock nodes did not confirm, ms. */
const UNCONFIRMED_DELAY_MS = 500

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

/** What to record of a run, and what went wrong. */
export type Decided = Settlement & {
  /** The error as plain data; null when nothing went wrong. */
  readonly error: ErrorData | null
  /** What was thrown, or why the run was aborted; undefined when nothing went wrong. */
  readonly thrown: unknown
}

/** Decides what to record of a run: its outcome, its next attempt, and the instants that its plan needs. */
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

/** A cancellation or a replacement meant this run; whatever else kept it from starting concerns this worker only. */
function decideNotStarted(base: Decided, ending: Extract<Ending, { kind: 'not-started' }>): Decided {
  const { abort, isUnconfirmed } = ending
  if (abort === 'cancelled' || abort === 'replaced') return { ...base, outcome: 'cancelled', reason: abort }
  const retryDelayMs = isUnconfirmed ? UNCONFIRMED_DELAY_MS : 0
  return { ...base, outcome: 'returned', reason: 'unstarted', refill: null, retryDelayMs }
}

/** A failure that has another attempt, where the definition or the task allows one. */
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

/** What the next attempt or delivery is to know of the first one. */
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

/** The whole definition, null where this worker cannot read it: only what needs it pays for the reading. */
function readIfReadable({ definition }: ActiveRun): Definition | null {
  try {
    return definition.read()
  } catch {
    return null
  }
}

/** The instants that the plan needs. A worker that cannot read a definition (a newer one planned it) must not end it. */
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

/** What the handler returned, as JSON for the history; what cannot be written or is too long is replaced by a note. */
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
