import { toErrorData } from '../../events/events.js'
import { firstNominal, PLAN_END } from '../../schedule/plan-text.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { ClaimedRun } from '../store.js'
import { ActiveRun } from './active-run.js'
import { decideSettlement } from './decide-settlement.js'
import { executeRun, type RunEnd } from './execute-run.js'
import { reportRun } from './report-run.js'

/**
 * Least distance of the next occurrence of the schedule, and of the end of trust in the lease, for a deferred
 * settlement, ms. It is many times the longest delay of a settlement, because no worker extends the lease of a run that
 * has ended.
 */
const DEFERRABLE_MS = 500

/** The claim that won a run: when it was sent, and whether replicas hold it. */
export interface ClaimSent {
  /** When the request was sent, on the monotonic clock, ms. */
  readonly sentAtMonotonic: number
  /** The same on the wall clock, epoch ms. */
  readonly sentAtWall: number
  /** Whether as many replicas hold the claim as `durability` asks for. */
  readonly isAcknowledged: boolean
}

/** An admitted run, and the previous run of its schedule that may still execute on this worker. */
interface Admission {
  readonly run: ActiveRun
  readonly previous: ActiveRun | undefined
}

/**
 * The life of one claimed run on this worker, in order: admit it, wait for its instant, execute it, release its slot
 * and its lease watch, settle it, report it.
 *
 * An error of the handler is the run's outcome, and an error of the engine is an `error` event. If nothing delays the
 * run, the handler is called before this function returns, so that the runs of one instant start one after the other.
 *
 * These steps are plain functions that call the next one: one async function for all makes more promises, and is so
 * large that its optimization takes processor time from the first runs that share an instant.
 *
 * @param instant resolves when the instant of the run has come; null when it has
 */
export function runClaimed(
  shard: ShardRuntime,
  claimed: ClaimedRun,
  claim: ClaimSent,
  instant: Promise<void> | null = null,
): void {
  const admission = admit(shard, claimed, claim)
  if (admission.previous || instant) void executeLater(shard, admission, instant)
  else execute(shard, admission)
}

async function executeLater(shard: ShardRuntime, admission: Admission, instant: Promise<void> | null): Promise<void> {
  const { run, previous } = admission
  if (previous) await endOrAbort(previous, run)
  if (instant) {
    readAhead(run)
    await instant
  }
  execute(shard, admission)
}

function execute(shard: ShardRuntime, admission: Admission): void {
  void executeRun(shard, admission.run).then((end) => conclude(shard, admission, end))
}

/** Frees what the run holds on this worker, settles it and reports it. */
function conclude(shard: ShardRuntime, admission: Admission, end: RunEnd): void {
  const { run } = admission
  const onError = (error: unknown): void =>
    shard.emit('error', { ...toErrorData(error), context: `run ${run.claimed.runId}` })
  try {
    release(shard, admission)
    shard.settler
      .settle(() => decideSettlement(shard, end), isDeferrable(shard, end))
      .then(({ settlement, outcome }) => reportRun(shard, run, settlement, outcome))
      .catch(onError)
  } catch (error) {
    onError(error)
  }
}

/** Admits a run: takes a slot, adds it to the active runs, and begins to watch its lease. */
function admit(shard: ShardRuntime, claimed: ClaimedRun, claim: ClaimSent): Admission {
  const definition = shard.definitions.get(claimed)
  const task = definition.task ?? claimed.schedule
  const run = new ActiveRun({ claimed, definition, shard: shard.shard, task, isAcknowledged: claim.isAcknowledged })
  shard.slots.take(task)
  const previous = shard.runs.add(run)
  shard.leases.watch(run, shard.store, claim.sentAtMonotonic, claim.sentAtWall)
  return { run, previous }
}

/** Reads before the instant of the run what its start needs of the definition: other runs of the instant start behind it. */
function readAhead({ definition }: ActiveRun): void {
  try {
    definition.settings()
  } catch {
    // The execution reads the definition again, and ends the run with the error.
  }
}

/** Waits for the end of the previous run of the same schedule on this worker: two must not overlap in one process. */
function endOrAbort(previous: ActiveRun, run: ActiveRun): Promise<void> {
  return new Promise((resolve) => {
    previous.onEnd(resolve)
    run.onAbort(resolve)
  })
}

/** Frees the slot, and stops extending the lease. */
function release(shard: ShardRuntime, { run, previous }: Admission): void {
  shard.leases.forget(run)
  shard.slots.free(run.task)
  // If the previous run still executes on this worker, the next run of the schedule must wait for it too.
  if (previous) previous.onEnd(() => leave(shard, run))
  else leave(shard, run)
}

function leave({ runs }: ShardRuntime, run: ActiveRun): void {
  runs.remove(run)
  run.end()
}

/**
 * Whether nothing waits for the settlement: no next or queued occurrence of the schedule, no parked run of its task,
 * and no other attempt.
 */
function isDeferrable({ clock, tasks, time }: ShardRuntime, { run, ending }: RunEnd): boolean {
  const { claimed, definition, task } = run
  const { kind, remainingPlan } = claimed
  if (kind !== 'occurrence' || ending.kind !== 'returned' || tasks.get(task)?.maxConcurrent !== null) return false
  if (definition.overlap === 'queue' || definition.overlap === 'replace') return false
  if (run.trustedUntilMonotonic < time.monotonic() + DEFERRABLE_MS) return false
  return remainingPlan === PLAN_END || (firstNominal(remainingPlan) ?? -Infinity) > clock.now() + DEFERRABLE_MS
}
