import { EverybeatError } from '../../errors.js'
import { toErrorData, type ErrorData } from '../../events/events.js'
import type { Definition } from '../../schedule/definition.js'
import type { RunSettings } from '../../schedule/hash-codec.js'
import { retryDelay } from '../../schedule/backoff.js'
import { isPlanFull, refillPlan } from '../../schedule/decide-plan.js'
import { ABORTS, type AbortKind, type ActiveRun } from './active-run.js'
import type { ClaimedRun, Settlement } from '../store.js'
import type { Run, Task } from './task.js'
import type { Timer, TimeSource } from '../../time-source.js'

/** How long a handler may ignore its aborted signal before the run is given up without it, ms. */
export const GIVE_UP_MS = 2_000
/** Results and error messages are cut to this length before they are stored, characters. */
const STORED_TEXT_LENGTH = 4_096

/** How long a run waits that could not start for want of replicas or lock nodes, ms. */
const DOUBT_MS = 500

/** How a handler came to its end. */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** The handler was not called: its payload is refused, and would be the next time too. */
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly abort: AbortKind; readonly error: unknown }
  /** `isDoubtful`: replicas or lock nodes do not answer, and the next try should not come at once. */
  | { readonly kind: 'unstarted'; readonly abort: AbortKind | null; readonly isDoubtful: boolean }
  /** Another worker has started this very delivery, by a claim that Redis has forgotten since. */
  | { readonly kind: 'elsewhere' }

/** The payload that a run gets, checked against the schema of its task. @throws EverybeatError when it does not fit */
export async function preparePayload(task: Task, payload: unknown): Promise<unknown> {
  if (!task.schema) return payload
  const result = await task.schema['~standard'].validate(payload)
  if (!result.issues) return result.value
  const problems = result.issues.map(({ message, path }) => {
    const where = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
    return where ? `${where}: ${message}` : message
  })
  const message = `the payload does not fit the schema of task ${JSON.stringify(task.name)}: ${problems.join('; ')}`
  throw new EverybeatError('ERR_EVERYBEAT_PAYLOAD', message, { field: 'payload', value: payload })
}

/** A payload that a handler may get, and how much of the run's timeout its check took, ms; or how the run ended there. */
export type Preparation = { readonly payload: unknown; readonly spentMs: number } | Ending

/**
 * The payload of a run, checked within its timeout: a schema that never settles holds the run no longer than that, nor
 * beyond the moment its signal aborts. Never rejects.
 */
export async function prepareRun(
  task: Task,
  payload: unknown,
  active: ActiveRun,
  timeoutMs: number | null,
  time: TimeSource,
): Promise<Preparation> {
  const begunAt = time.monotonic()
  const timer = timeoutMs === null ? undefined : abortAfter(active, timeoutMs, 0, time)
  const stopped = new Promise<Ending>((resolve) => {
    active.onAbort(() => {
      const abort = active.aborted
      resolve(
        abort?.kind === 'timeout'
          ? { kind: 'aborted', abort: abort.kind, error: abort.error }
          : { kind: 'unstarted', abort: abort?.kind ?? null, isDoubtful: false },
      )
    })
  })
  const prepared = preparePayload(task, payload).then(
    (checked): Preparation => ({ payload: checked, spentMs: time.monotonic() - begunAt }),
    (error: unknown): Ending => ({ kind: 'refused', error }),
  )
  try {
    return await Promise.race([prepared, stopped])
  } finally {
    if (timer) time.clearTimeout(timer)
  }
}

function abortAfter(active: ActiveRun, timeoutMs: number, spentMs: number, time: TimeSource): Timer {
  const message = `run ${active.claimed.runId} took longer than its timeout of ${timeoutMs} ms`
  return time.setTimeout(() => active.abort('timeout', message), timeoutMs - spentMs)
}

/**
 * Calls the handler and waits for its end: it returns, throws, or is given up {@link GIVE_UP_MS} after its signal
 * aborted. An aborted run ends as aborted whatever the handler does afterwards.
 *
 * @param spentMs how much of the timeout has passed already
 */
export function callHandler(
  task: Task,
  run: Run,
  active: ActiveRun,
  timeoutMs: number | null,
  time: TimeSource,
  spentMs = 0,
): Promise<Ending> {
  return new Promise((resolve) => {
    const timer = timeoutMs === null ? undefined : abortAfter(active, timeoutMs, spentMs, time)
    let giveUpTimer: Timer | undefined
    let hasEnded = false
    const end = (ending: Ending) => {
      hasEnded = true
      if (timer) time.clearTimeout(timer)
      if (giveUpTimer) time.clearTimeout(giveUpTimer)
      const abort = active.aborted
      resolve(abort ? { kind: 'aborted', abort: abort.kind, error: abort.error } : ending)
    }
    active.onAbort(() => {
      if (!hasEnded) giveUpTimer = time.setTimeout(() => end(ABANDONED), GIVE_UP_MS)
    })
    void call(task, run).then(end)
  })
}

/** A handler that ignores its aborted signal; how that ended is told by the abort. */
const ABANDONED: Ending = { kind: 'threw', error: null }

/** A handler that throws at once is no different from one that rejects. */
async function call(task: Task, run: Run): Promise<Ending> {
  try {
    return { kind: 'returned', value: await task.handler(run) }
  } catch (error) {
    return { kind: 'threw', error }
  }
}

/** Cuts text for the ledger. */
function bound(text: string): string {
  return text.length <= STORED_TEXT_LENGTH ? text : `${text.slice(0, STORED_TEXT_LENGTH - 1)}…`
}

/** What the handler returned, as JSON for the ledger; what cannot be written or is too long is left out with a note. */
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

/** What is known of a run when its handler has come to its end. */
export interface RunEnd {
  readonly active: ActiveRun
  readonly task: Task
  /** Null where even that could not be read. */
  readonly settings: RunSettings | null
  /** Reads the whole definition, null where this worker cannot: only what needs it pays for it. */
  readonly readDefinition: () => Definition | null
  /** Whether the instants of a schedule, which are wanted now, are computed by others. */
  readonly leavesPlan: (definition: Definition) => boolean
  readonly ending: Ending
  readonly durationMs: number
  readonly latenessMs: number
  /** Random numbers in [0, 1), for the jitter of a retry. */
  readonly random: () => number
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

/** What to record of a run, and what went wrong, if anything did. */
export type Decided = Settlement & { error: ErrorData | null }

/** Decides what to record of a run: its outcome, its next attempt, and the instants that its plan needs. */
export function decideSettlement(end: RunEnd): Decided {
  const { active, task, ending } = end
  const { claimed } = active
  const base: Writable<Decided> = {
    run: claimed,
    outcome: 'ok',
    reason: '',
    durationMs: Math.max(0, Math.round(end.durationMs)),
    latenessMs: Math.round(end.latenessMs),
    resultText: '',
    errorText: '',
    retryDelayMs: null,
    pauseAfter: end.settings?.pauseAfter ?? 0,
    refill: decideRefill(end),
    error: null,
  }
  if (ending.kind === 'returned') {
    base.resultText = resultText(ending.value)
    return base
  }
  if (ending.kind === 'unstarted') {
    // Who cancelled or replaced it meant this run; whatever else kept it from starting means this worker only.
    if (ending.abort === 'cancelled' || ending.abort === 'replaced')
      return { ...base, outcome: 'cancelled', reason: ending.abort }
    const retryDelayMs = ending.isDoubtful ? DOUBT_MS : 0
    return { ...base, outcome: 'returned', reason: 'unstarted', refill: null, retryDelayMs }
  }
  if (ending.kind === 'elsewhere') return { ...base, outcome: 'abandoned', reason: 'started-elsewhere' }
  const error = toErrorData(ending.error)
  const failed = { ...base, error, errorText: bound(`${error.name}: ${error.message}`) }
  if (ending.kind === 'aborted' && ending.abort !== 'timeout') {
    return { ...failed, outcome: ABORTS[ending.abort].outcome, reason: ending.abort }
  }
  if (ending.kind === 'refused') return { ...failed, outcome: 'failed', reason: 'payload' }
  const definition = end.readDefinition()
  const retries = definition?.retries ?? task.retries
  const backoff = definition?.backoff ?? task.backoff
  const retryDelayMs = claimed.attempt <= retries ? retryDelay(backoff, claimed.attempt, end.random()) : null
  return { ...failed, outcome: 'failed', reason: ending.kind === 'aborted' ? 'timeout' : 'error', retryDelayMs }
}

/** Whether a plan needs instants: it neither goes on by itself, nor is it closed or long enough. */
export function runsLow({ kind, isPeriodic, planLeft }: ClaimedRun): boolean {
  return kind === 'occurrence' && !(isPeriodic && planLeft !== '') && !isPlanFull(planLeft)
}

/** The instants that the plan needs. What this worker cannot read (a newer one may have planned it) it must not end. */
function decideRefill({ active: { claimed }, readDefinition, leavesPlan }: RunEnd): Settlement['refill'] {
  if (!runsLow(claimed)) return null
  const definition = readDefinition()
  const refill = definition && refillPlan(definition, claimed.planLeft, claimed.nominalMs)
  return refill && !leavesPlan(definition) ? refill : null
}
