import { toErrorData, type Emit } from '../../events/events.js'
import type { Definition } from '../../schedule/definition.js'
import type { RunSettings } from '../../schedule/hash-codec.js'
import { PLAN_END, refillPlan } from '../../schedule/decide-plan.js'
import { ActiveRun } from './active-run.js'
import type { DefinitionCache, RunDefinition } from './definition-cache.js'
import { callHandler, decideSettlement, prepareRun, runsLow, type Decided, type Ending } from './decide-settlement.js'
import { HandlerRun } from './handler-run.js'
import type { LeaseKeeper } from './lease-keeper.js'
import type { ClaimedRun, RedisClock, WorkerStore } from '../store.js'
import { describeRun, reportRun } from './report-run.js'
import type { Settler } from './settler.js'
import type { Slots, Task } from './task.js'
import type { ZoneDuty } from '../maintenance/tz-authority.js'
import type { TimeSource } from '../../time-source.js'

/** What a worker needs to run what it has claimed. */
export interface LaunchContext {
  readonly workerId: string
  readonly shard: number
  readonly clock: RedisClock
  readonly tasks: ReadonlyMap<string, Task>
  readonly slots: Slots
  readonly keeper: LeaseKeeper
  readonly cache: DefinitionCache
  /** The runs that go on this worker, by run id. */
  readonly active: Map<string, ActiveRun>
  /** The run that holds the lease of its schedule on this worker, by schedule. */
  readonly holders: Map<string, ActiveRun>
  readonly emit: Emit
  readonly time: TimeSource
  readonly zones: ZoneDuty
  /** Whether the worker stops: what it still wins goes back. */
  readonly isStopping: () => boolean
}

/** When the claim that brought a run was sent, on both clocks, and whether the replicas that were asked for hold it. */
export interface Sent {
  readonly monotonic: number
  readonly wall: number
  readonly isAcknowledged: boolean
}

/**
 * Starts a run that was claimed, and follows it to its settlement. Where nothing stands in its way the handler is called
 * before this returns: others wait for their start behind it. Never rejects.
 *
 * @param begins resolves when the run may begin; null: it may now
 */
export async function launchRun(
  context: LaunchContext,
  store: WorkerStore,
  settler: Settler,
  claimed: ClaimedRun,
  sent: Sent,
  begins: Promise<void> | null = null,
): Promise<void> {
  const { slots, keeper, active, holders } = context
  const kept = context.cache.get(claimed)
  const taskName = kept.task ?? claimed.schedule
  slots.take(taskName)
  const run = new ActiveRun({ claimed, shard: context.shard, task: taskName, isAcknowledged: sent.isAcknowledged })
  const former = claimed.ownLease ? active.get(claimed.runId) : holders.get(claimed.schedule)
  active.set(claimed.runId, run)
  if (!claimed.ownLease) holders.set(claimed.schedule, run)
  keeper.watch(run, store, sent.monotonic, sent.wall)
  const leave = () => {
    if (active.get(claimed.runId) === run) active.delete(claimed.runId)
    if (holders.get(claimed.schedule) === run) holders.delete(claimed.schedule)
    run.end()
  }
  try {
    let decide: () => Decided
    try {
      // A run that lost its lease may still go here: this process never has two of a schedule that must not overlap.
      if (former) await endOrAbort(former, run)
      if (begins) await begins
      decide = await execute(context, store, run, kept)
    } finally {
      keeper.forget(run)
      slots.free(taskName)
      // Whoever comes next waits for the former too, should that still go.
      if (former) former.onEnd(leave)
      else leave()
    }
    const { settlement, outcome } = await settler.settle(decide, canWait(claimed, kept, context.clock.now()))
    reportRun(context, run, settlement, outcome)
  } catch (error) {
    context.emit('error', { ...toErrorData(error), context: `run ${claimed.runId}` })
  }
}

/** Nothing of its schedule comes for as long: then its settlement may stand back for starts, ms. */
const QUIET_MS = 1_000

/** Whether nobody waits for the end of a run: neither the next occurrence of its schedule nor what stands in a queue. */
function canWait({ kind, planLeft }: ClaimedRun, { overlap }: RunDefinition, nowMs: number): boolean {
  if (kind !== 'occurrence' || overlap === 'queue' || overlap === 'replace') return false
  return planLeft === PLAN_END || Number.parseInt(planLeft, 10) > nowMs + QUIET_MS
}

function endOrAbort(former: ActiveRun, run: ActiveRun): Promise<void> {
  return new Promise((resolve) => {
    former.onEnd(resolve)
    run.onAbort(resolve)
  })
}

/**
 * Runs the handler; what it answers decides what to record. Everything that goes wrong here is an outcome, not an
 * exception. Whatever the start does not need comes after the call of the handler: others wait for their start too.
 */
async function execute(context: LaunchContext, store: WorkerStore, active: ActiveRun, kept: RunDefinition) {
  const { claimed } = active
  const startedAtMs = Math.max(context.clock.now(), claimed.kind === 'occurrence' ? claimed.startMs : 0)
  // Only a first start of what was due then can be late; a backfilled occurrence is as old as it was asked to be.
  const isFirst = claimed.attempt === 1 && claimed.delivery === 1 && claimed.kind !== 'backfill'
  const latenessMs = isFirst ? Math.max(0, startedAtMs - claimed.startMs) : 0
  const { time } = context
  const begun = time.monotonic()
  let task: Task | undefined
  let settings: RunSettings | null = null
  let ending: Ending
  try {
    settings = kept.settings()
    task = context.tasks.get(active.task)
    if (!task) throw new Error(`this worker has no task ${JSON.stringify(active.task)}`)
    const given = claimed.payloadText === null ? settings.payload : (JSON.parse(claimed.payloadText) as unknown)
    const timeoutMs = settings.timeoutMs ?? task.timeoutMs
    const prepared = task.schema
      ? await prepareRun(task, given, active, timeoutMs, time)
      : { payload: given, spentMs: 0 }
    if ('kind' in prepared) return settlementOf(prepared)
    const { payload, spentMs } = prepared
    // It was stopped while it waited for its turn, or its lease is in doubt: its handler is not called.
    const permission = permissionNow(context, store, active) ?? (await askToStart(context, store, active))
    if (permission === 'elsewhere') return settlementOf({ kind: 'elsewhere' })
    if (permission !== 'granted') {
      const isDoubtful = permission === 'doubtful'
      return settlementOf({ kind: 'unstarted', abort: active.aborted?.kind ?? null, isDoubtful })
    }
    context.emit('run:started', () => ({
      ...describeRun(context, active),
      latenessMs,
      missed: claimed.missed,
      catchUp: claimed.catchUp,
      manual: claimed.kind === 'manual',
    }))
    context.keeper.guard(active, timeoutMs)
    const run = new HandlerRun(context.workerId, active, payload, startedAtMs)
    const called = callHandler(task, run, active, timeoutMs, time, spentMs)
    const cancelRefill = refillEarly(context, store, kept, claimed)
    ending = await called
    cancelRefill?.()
    if (!context.keeper.isTrusted(active)) {
      // The event loop was blocked beyond the lease: the run learns of it before anything is settled.
      if (active.abort('lease-lost', `the lease of run ${claimed.runId} ran out while the event loop was blocked`)) {
        context.emit('lease:lost', { ...describeRun(context, active), reason: 'event loop blocked' })
      }
    }
  } catch (error) {
    ending = { kind: 'threw', error }
  }
  return settlementOf(ending)

  function settlementOf(reached: Ending): () => Decided {
    const durationMs = time.monotonic() - begun
    return () =>
      decideSettlement({
        active,
        task: task ?? MISSING_TASK,
        settings,
        readDefinition: () => readIfReadable(kept),
        leavesPlan: (definition) => leavePlan(context, store, claimed.schedule, definition),
        ending: reached,
        durationMs,
        latenessMs,
        random: time.random,
      })
  }
}

function readIfReadable(kept: RunDefinition): Definition | null {
  try {
    return kept.read()
  } catch {
    return null
  }
}

/**
 * Whether the handler may be called: `refused` for what only this worker must not start, `doubtful` when replicas or lock
 * nodes do not answer, `elsewhere` when the lock nodes know that this delivery was started before.
 */
type Permission = 'granted' | 'refused' | 'doubtful' | 'elsewhere'

/** What is known without asking anybody, which is nearly always enough and costs no turn of the loop; or null. */
function permissionNow(
  { keeper, isStopping }: LaunchContext,
  store: WorkerStore,
  active: ActiveRun,
): Permission | null {
  if (isStopping() || active.aborted) return 'refused'
  if (!active.isAcknowledged) return 'doubtful'
  return !store.startsAreLocked && keeper.isTrusted(active) ? 'granted' : null
}

async function askToStart({ keeper }: LaunchContext, store: WorkerStore, active: ActiveRun): Promise<Permission> {
  const start = await store.takeStart(active.claimed)
  if (start === 'held') return 'elsewhere'
  if (start === 'unknown') return 'doubtful'
  if (await keeper.confirm(active, store)) return 'granted'
  await store.giveBackStart(active.claimed)
  return 'refused'
}

const MISSING_TASK = { retries: 0, backoff: { type: 'fixed', delayMs: 0, maxMs: 0 } } as unknown as Task

/**
 * A plan that is nearly spent is filled while the run goes; a run that is short leaves that to its settlement. Answers
 * how to leave it, or null where there is nothing to fill.
 */
function refillEarly(
  context: LaunchContext,
  store: WorkerStore,
  kept: RunDefinition,
  claimed: ClaimedRun,
): (() => void) | null {
  if (claimed.planLeft.includes(' ') || !runsLow(claimed)) return null
  async function refill(): Promise<void> {
    const definition = kept.read()
    const more = refillPlan(definition, claimed.planLeft, claimed.nominalMs)
    if (!more || leavePlan(context, store, claimed.schedule, definition)) return
    await store.extendPlan({ schedule: claimed.schedule, digest: claimed.digest, ...more })
  }
  // If this fails, whoever finds the plan spent makes a new one.
  const { time } = context
  const immediate = time.setImmediate(() => void refill().catch(() => {}))
  return () => time.clearImmediate(immediate)
}

/** Whether somebody with newer time-zone data plans a schedule: then it is asked to. */
function leavePlan({ zones }: LaunchContext, store: WorkerStore, schedule: string, definition: Definition): boolean {
  if (!zones.leaves(definition)) return false
  store.askForPlan(zones.planner, schedule).catch(() => {})
  return true
}
