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

/** A run that ends within this time leaves the refill of its plan to its settlement, which costs no call, ms. */
const SHORT_RUN_MS = 1_000

/** How a run ended on this worker. */
export interface RunEnd {
  readonly run: ActiveRun
  readonly ending: Ending
  /** From the start of the execution to its end, ms. */
  readonly durationMs: number
  /** How much later than its instant it started, ms. */
  readonly latenessMs: number
}

/** When an execution began. */
interface Beginning {
  /** By Redis's clock, epoch ms. */
  readonly startedAtMs: number
  readonly latenessMs: number
}

/**
 * Whether the handler may be called. `refused`: not on this worker. `unconfirmed`: replicas or lock nodes do not answer.
 * `already-started`: the lock nodes know that this delivery was started before.
 */
type Permission = 'granted' | 'refused' | 'unconfirmed' | 'already-started'

/**
 * Executes a run: prepares its payload, asks whether it may start, calls its handler, and checks the trust in its lease.
 * Never rejects: whatever goes wrong is an ending. Work that the start does not need comes after the call of the handler,
 * because other runs wait for their start.
 */
export async function executeRun(shard: ShardRuntime, run: ActiveRun): Promise<RunEnd> {
  const begunAt = shard.time.monotonic()
  const beginning = begin(shard, run)
  let ending: Ending
  try {
    ending = await reachEnding(shard, run, beginning)
  } catch (error) {
    ending = { kind: 'threw', error }
  }
  return { run, ending, durationMs: shard.time.monotonic() - begunAt, latenessMs: beginning.latenessMs }
}

function begin({ clock }: ShardRuntime, { claimed }: ActiveRun): Beginning {
  const startedAtMs = Math.max(clock.now(), claimed.kind === 'occurrence' ? claimed.startMs : 0)
  // Only the first start of an occurrence that was due then can be late: a backfilled one is as old as it was asked to be.
  const isFirst = claimed.attempt === 1 && claimed.delivery === 1 && claimed.kind !== 'backfill'
  return { startedAtMs, latenessMs: isFirst ? Math.max(0, startedAtMs - claimed.startMs) : 0 }
}

/**
 * Reaches the ending of a run. What waits for nothing gives no promise of its own: each would take half a microsecond, and
 * other runs of the instant wait for their start.
 *
 * @throws what the definition throws when this worker cannot read it
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

/** The permission as far as it is known without a request, which takes no turn of the event loop; null where it is not. */
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

/** What a call of the handler needs. */
interface Call extends Beginning {
  readonly task: Task
  readonly payload: unknown
  readonly timeoutMs: number | null
  /** How much of the timeout has passed, ms. */
  readonly spentMs: number
}

/** Calls the handler, refills the plan meanwhile where it has to, and checks the trust in the lease at the end. */
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
  const { time } = shard
  const called = callHandler({ task, run: input, active: run, timeoutMs, spentMs, latenessMs, time, onTrace, onEnd })
  cancelRefill = refillEarly(shard, run)
  return called
}

/** An event loop that was blocked beyond the lease: the run learns of it before anything is settled. */
function checkTrust(shard: ShardRuntime, run: ActiveRun): void {
  if (shard.leases.isTrusted(run)) return
  const message = `the lease of run ${run.claimed.runId} ran out while the event loop was blocked`
  if (run.abort('lease-lost', message)) {
    shard.emit('lease:lost', { ...describeRun(shard, run), reason: 'event loop blocked' })
  }
}

/**
 * Keeps the trace in which a run has started for its retries and reruns. A settlement carries it to a retry; where the run
 * goes again after a crash, Redis has to know it before.
 */
function keepTrace(shard: ShardRuntime, run: ActiveRun, value: string): void {
  const traceparent = readTraceparent(value)
  if (traceparent === '') return
  run.traceparent = traceparent
  if (run.claimed.fields.onCrash !== 'rerun') return
  // If this fails, a rerun is not linked.
  shard.store.noteTrace(run.claimed, traceparent).catch(() => {})
}

/**
 * Refills a plan that is nearly spent while the handler runs; a run that is short leaves that to its settlement.
 *
 * @returns how to cancel the refill; null where none is needed
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
  // If this fails, the worker that finds the plan spent makes a new one.
  const attempt = () => void refill().catch(() => {})
  if ((firstNominal(remainingPlan) ?? -Infinity) < clock.now() + 2 * SHORT_RUN_MS) {
    const immediate = time.setImmediate(attempt)
    return () => time.clearImmediate(immediate)
  }
  const timer = time.setTimeout(attempt, SHORT_RUN_MS)
  return () => time.clearTimeout(timer)
}

/** Whether the occurrence refills its plan, which neither continues by its period nor is long enough. */
export function needsRefill(
  { time }: ShardRuntime,
  { kind, isPeriodic, nominalMs, remainingPlan }: ClaimedRun,
): boolean {
  return (
    kind === 'occurrence' && !(isPeriodic && remainingPlan !== '') && runsLow(remainingPlan, nominalMs, time.random)
  )
}

/** Whether a worker with newer time-zone data plans the schedule; it is asked to. */
export function leaveToAuthority({ tzAuthority, store }: ShardRuntime, schedule: string, rule: InstantRule): boolean {
  if (!tzAuthority.isPlannedElsewhere(rule)) return false
  store.askForPlan(tzAuthority.planner, schedule).catch(() => {})
  return true
}
