import { toErrorData } from '../../events/events.js'
import { CLAIM_CHANNEL, type ClaimMessage } from '../channels.js'
import { replan } from '../maintenance/replan.js'
import { reportSkip } from '../report-skip.js'
import { callOutsideContexts } from '../run/outside-contexts.js'
import { runClaimed } from '../run/run-claimed.js'
import type { Task } from '../run/task.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { ClaimReply, Capacity } from '../store.js'
import { endsWithin } from '../../time-source.js'
import type { Reservation } from './slots.js'

/** Longest time that a tick waits for the plans that its claim asks for, ms. */
const PLANNING_WAIT_MS = 20

/** What one tick may take. */
export interface TickRequest {
  /** Sent again unchanged after a lost reply: the same id brings the same runs. */
  readonly requestId: string
  /** The slots that this tick may fill. */
  readonly reservation: Reservation
  /** Most occurrences to take while other workers claim the same instant. */
  readonly maxClaims: number
  /** How early an occurrence may be claimed, ms; its start waits for its instant. */
  readonly aheadMs: number
  /** When this worker expects the next occurrence, epoch ms of Redis's clock; null for none. */
  readonly expectedDueMs: number | null
  /** Whether the claim may tell other workers what is due next. */
  readonly tellsFleet?: boolean
}

/**
 * One tick: claims what is due as far as there is room, starts the runs that were won, and plans what the claim could not
 * use as it was. The runs settle by themselves.
 *
 * @throws whatever the connection throws: then the claim may have happened, and the same request has to be sent again
 */
export async function tick(shard: ShardRuntime, request: TickRequest): Promise<ClaimReply> {
  const { time, store } = shard
  const { requestId, reservation, maxClaims, aheadMs, expectedDueMs, tellsFleet = false } = request
  const sentAtMonotonic = time.monotonic()
  const sentAtWall = time.wall()
  const claim = store.claim({
    requestId,
    slots: reservation.slots,
    maxClaims: Math.min(maxClaims, reservation.slots),
    aheadMs,
    expectedDueMs,
    tellsFleet,
    capacities: openCapacities(shard, reservation),
  })
  let reply: ClaimReply
  try {
    reply = await claim
  } catch (error) {
    publishClaim(shard, { result: 'error', runCount: 0, durationMs: time.monotonic() - sentAtMonotonic, error })
    throw error
  }
  const durationMs = time.monotonic() - sentAtMonotonic
  const { isAcknowledged, runs } = reply
  if (!isAcknowledged && runs.length > 0) reportUnacknowledged(shard, runs.length)
  const sent = { sentAtMonotonic, sentAtWall, isAcknowledged }
  callOutsideContexts(() => {
    for (const run of runs) void runClaimed(shard, run, sent, shard.preciseTimer.at(run.startMs, aheadMs))
  })
  // No run waits for what subscribers do.
  publishClaim(shard, { result: runs.length > 0 ? 'won' : 'empty', runCount: runs.length, durationMs })
  for (const skipped of reply.skipped) reportSkip(shard, { ...skipped, count: 1 })
  // Plans are made beside the claims: after an outage they may be many, and other schedules are due meanwhile.
  if (reply.needsPlanning.length > 0) await endsWithin(time, PLANNING_WAIT_MS, planAll(shard, reply))
  return reply
}

/** Tells the subscribers of `everybeat:claim` how a claim ended. */
function publishClaim({ workerId, shard }: ShardRuntime, end: Omit<ClaimMessage, 'worker' | 'shard'>): void {
  if (CLAIM_CHANNEL.hasSubscribers) CLAIM_CHANNEL.publish({ worker: workerId, shard, ...end } satisfies ClaimMessage)
}

function reportUnacknowledged({ emit }: ShardRuntime, runCount: number): void {
  const message = `fewer replicas than durability asks for hold the claim of ${runCount} runs: they wait`
  emit('error', { name: 'DurabilityError', message, context: 'claim' })
}

/** The tasks that this worker may claim now, and how many runs of each. */
function openCapacities(
  { tasks, pool, shard, shardCount, parkedShards }: ShardRuntime,
  reservation: Reservation,
): Capacity[] {
  const capacities: Capacity[] = []
  for (const task of tasks.values()) {
    const freeSlots = reservation.roomFor(task)
    if (freeSlots === 0) continue
    // If parked work remains after this claim, the script announces it again.
    parkedShards.get(task.name)?.delete(shard)
    capacities.push({ pool, task: task.name, maxConcurrent: limitOn(task, shard, shardCount), freeSlots })
  }
  return capacities
}

/**
 * The part of a task's fleet-wide limit that holds on one shard (0: no limit). Shards know nothing of each other, so the
 * limit is dealt out to them: together they never exceed it.
 */
function limitOn({ maxConcurrent }: Task, shard: number, shardCount: number): number {
  if (maxConcurrent === null) return 0
  return Math.floor(maxConcurrent / shardCount) + (shard < maxConcurrent % shardCount ? 1 : 0)
}

/** One schedule that cannot be planned must not keep the others waiting. */
async function planAll(shard: ShardRuntime, reply: ClaimReply): Promise<void> {
  await Promise.all(
    reply.needsPlanning.map((schedule) =>
      replan(shard, schedule, reply.nowMs).catch((error: unknown) =>
        shard.emit('error', { ...toErrorData(error), context: `planning ${schedule.name}` }),
      ),
    ),
  )
}
