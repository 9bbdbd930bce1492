import { readTraceparent } from '../../events/traceparent.js'
import { refillPlan } from '../../schedule/decide-plan.js'
import type { InstantRule } from '../../schedule/instant-rules.js'
import { runsLow } from '../../schedule/low-plan.js'
import { countPlanned, firstNominal } from '../../schedule/plan-text.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { ClaimedRun } from '../store.js'
import type { ActiveRun } from './active-run.js'
import { callHandler, type Ending } from './call-handler.js'
import { HandlerRun } from './handler-run.js'
import { prepareRun } from './prepare-payload.js'
import { describeRun } from './describe-run.js'
import type { Task } from './task.js'

/** Duration up to which a run leaves the refill of its plan to its settlement, which costs no call, ms. */
const SHORT_RUN_MS = 1_000

/** The end of a run on this worker. */
export interface RunEnd {
  readonly run: ActiveRun
  readonly ending: Ending
  /** From the start of the execution to its end, ms. */
  readonly durationMs: number
  /** Time from its instant to its start, ms. */
  readonly latenessMs: number
}

/** The start of an execution. */
interface Beginning {
  /** By Redis's clock, epoch ms. */
  readonly startedAtMs: number
  readonly latenessMs: number
}

/**
 * Whether the handler may be called. `refused`: not on this worker. `unconfirmed`: replicas or lock nodes do not
 * answer. `already-started`: the lock nodes hold the start key of this delivery already.
 */
type Permission = 'granted' | 'refused' | 'unconfirmed' | 'already-started'

/**
 * Executes a run: prepares its payload, gets the permission to start, calls its handler, and checks the trust in its
 * lease. Never rejects: each failure is an ending. Work that the start does not need is done after the call of the
 * handler, because other runs wait for their start.
 */
export function executeRun(shard: ShardRuntime, run: ActiveRun): Promise<RunEnd> {
  const begunAt = shard.time.monotonic()
  const beginning = begin(shard, run)
  const { latenessMs } = beginning
  const endOf = (ending: Ending): RunEnd => ({ run, ending, durationMs: shard.time.monotonic() - begunAt, latenessMs })
  const onError = (error: unknown) => endOf({ kind: 'threw', error })
  try {
    return Promise.resolve(reachEnding(shard, run, beginning)).then(endOf, onError)
  } catch (error) {
    return Promise.resolve(onError(error))
  }
}

function begin({ clock }: ShardRuntime, { claimed }: ActiveRun): Beginning {
  const startedAtMs = Math.max(clock.now(), claimed.kind === 'occurrence' ? claimed.startMs : 0)
  // Only the first start of an occurrence has a lateness: a backfilled occurrence lies in the past on purpose.
  const isFirst = claimed.attempt === 1 && claimed.delivery === 1 && claimed.kind !== 'backfill'
  return { startedAtMs, latenessMs: isFirst ? Math.max(0, startedAtMs - claimed.startMs) : 0 }
}

/**
 * Executes a run up to its ending. A step without a wait creates no promise: each promise takes half a microsecond, and
 * other runs of the instant wait for their start.
 *
 * @throws the error of a definition that this worker cannot decode
 */
function reachEnding(shard: ShardRuntime, run: ActiveRun, beginning: Beginning): Ending | Promise<Ending> {
  const task = shard.tasks.get(run.task)
  if (!task) return { kind: 'no-task' }
  const settings = run.definition.settings()
  const { payloadText } = run.claimed
  const payload = payloadText === null ? settings.payload : (JSON.parse(payloadText) as unknown)
  const timeoutMs = settings.timeoutMs ?? task.timeoutMs
  const { startedAtMs, latenessMs } = beginning
  const plain: Call = { task, startedAtMs, latenessMs, payload, spentMs: 0, timeoutMs }
  if (!task.schema) return callIfPermitted(shard, run, plain)
  return prepareRun({ task, payload, active: run, timeoutMs, time: shard.time }).then((prepared) =>
    'kind' in prepared ? prepared : callIfPermitted(shard, run, { ...plain, ...prepared }),
  )
}

function callIfPermitted(shard: ShardRuntime, run: ActiveRun, call: Call): Ending | Promise<Ending> {
  const permission = permissionNow(shard, run)
  if (permission !== null) return callOrEnd(shard, run, call, permission)
  return askToStart(shard, run).then((answer) => callOrEnd(shard, run, call, answer))
}

function callOrEnd(shard: ShardRuntime, run: ActiveRun, call: Call, permission: Permission): Ending | Promise<Ending> {
  if (permission === 'granted') return callWatched(shard, run, call)
  if (permission === 'already-started') return { kind: 'already-started' }
  return { kind: 'not-started', abort: run.aborted?.kind ?? null, isUnconfirmed: permission === 'unconfirmed' }
}

/** The permission if it follows without a request and so without a turn of the event loop; otherwise null. */
function permissionNow({ leases, isStopping, store }: ShardRuntime, run: ActiveRun): Permission | null {
  if (isStopping() || run.aborted) return 'refused'
  if (!run.isAcknowledged) return 'unconfirmed'
  return !store.needsStartKey && leases.isTrusted(run) ? 'granted' : null
}

async function askToStart({ leases, store }: ShardRuntime, run: ActiveRun): Promise<Permission> {
  const start = await store.takeStartKey(run.claimed)
  if (start === 'held') return 'already-started'
  if (start === 'unknown') return 'unconfirmed'
  if (await leases.confirm(run, store)) return 'granted'
  await store.releaseStartKey(run.claimed)
  return 'refused'
}

/** The facts for a call of the handler. */
interface Call extends Beginning {
  readonly task: Task
  readonly payload: unknown
  readonly timeoutMs: number | null
  /** Part of the timeout that has passed, ms. */
  readonly spentMs: number
}

/** Calls the handler, refills a plan that runs low during the call, and checks the trust in the lease at the end. */
function callWatched(shard: ShardRuntime, run: ActiveRun, call: Call): Promise<Ending> {
  const { task, latenessMs, timeoutMs, spentMs } = call
  const { claimed } = run
  shard.emit('run:started', () => ({
    ...describeRun(shard, run),
    latenessMs,
    missed: claimed.missed,
    catchUp: claimed.catchUp,
    manual: claimed.kind === 'manual',
  }))
  shard.leases.guard(run, timeoutMs)
  const input = new HandlerRun(shard.workerId, run, call.payload, call.startedAtMs)
  let cancelRefill: (() => void) | null = null
  const onEnd = (): void => {
    cancelRefill?.()
    checkTrust(shard, run)
  }
  const onTrace = (traceparent: string): void => keepTrace(shard, run, traceparent)
  const { time, isPublished } = shard
  const watched = { task, run: input, active: run, timeoutMs, spentMs, latenessMs, isPublished, time, onTrace, onEnd }
  const called = callHandler(watched)
  cancelRefill = refillEarly(shard, run)
  return called
}

/** When the event loop was blocked for longer than the trust, the run is aborted before it is settled. */
function checkTrust(shard: ShardRuntime, run: ActiveRun): void {
  if (shard.leases.isTrusted(run)) return
  const message = `the lease of run ${run.claimed.runId} ran out while the event loop was blocked`
  if (run.abort('lease-lost', message)) {
    shard.emit('lease:lost', { ...describeRun(shard, run), reason: 'event loop blocked' })
  }
}

/**
 * Keeps the trace in which a run has started, for its retries and reruns. A settlement carries the trace to a retry.
 * For a rerun after a crash it has to be in Redis before.
 */
function keepTrace(shard: ShardRuntime, run: ActiveRun, value: string): void {
  const traceparent = readTraceparent(value)
  if (traceparent === '') return
  run.traceparent = traceparent
  if (run.claimed.fields.onCrash !== 'rerun') return
  // A failure leaves only a rerun without its link.
  shard.store.noteTrace(run.claimed, traceparent).catch(() => {})
}

/**
 * Refills a plan that runs low while the handler runs; a short run leaves the refill to its settlement.
 *
 * @returns a function that cancels the refill; null when the plan needs none
 */
function refillEarly(shard: ShardRuntime, { claimed, definition }: ActiveRun): (() => void) | null {
  const { clock, time, store } = shard
  const { remainingPlan } = claimed
  if (countPlanned(remainingPlan, 2) > 1 || !needsRefill(shard, claimed)) return null
  async function refill(): Promise<void> {
    const rule = definition.rule()
    const more = refillPlan(rule, remainingPlan, claimed.nominalMs)
    if (!more || leaveToAuthority(shard, claimed.schedule, rule)) return
    await store.storeRefill({ schedule: claimed.schedule, digest: claimed.digest, ...more })
  }
  // After a failure, the worker that finds an empty plan makes a new one.
  const attempt = () => void refill().catch(() => {})
  if ((firstNominal(remainingPlan) ?? -Infinity) < clock.now() + 2 * SHORT_RUN_MS) {
    const immediate = time.setImmediate(attempt)
    return () => time.clearImmediate(immediate)
  }
  const timer = time.setTimeout(attempt, SHORT_RUN_MS)
  return () => time.clearTimeout(timer)
}

/** Whether the run has to refill its plan: the plan runs low and is not continued by its period. */
export function needsRefill(
  { time }: ShardRuntime,
  { kind, isPeriodic, nominalMs, remainingPlan }: ClaimedRun,
): boolean {
  return (
    kind === 'occurrence' && !(isPeriodic && remainingPlan !== '') && runsLow(remainingPlan, nominalMs, time.random)
  )
}

/** Asks the tz authority to plan the schedule if this worker's time-zone data is too old. @returns whether it does */
export function leaveToAuthority({ tzAuthority, store }: ShardRuntime, schedule: string, rule: InstantRule): boolean {
  if (!tzAuthority.isPlannedElsewhere(rule)) return false
  store.askForPlan(tzAuthority.authorityId, schedule).catch(() => {})
  return true
}
