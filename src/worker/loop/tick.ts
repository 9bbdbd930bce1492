import { toErrorData } from '../../events/events.js'
import { CLAIM_CHANNEL, type ClaimMessage } from '../channels.js'
import { replan } from '../maintenance/replan.js'
import { reportSkip } from '../report-skip.js'
import { callOutsideContexts } from '../run/outside-contexts.js'
import { runClaimed } from '../run/run-claimed.js'
import type { Task } from '../run/task.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { Capacity, ClaimReply } from '../store.js'
import type { NearInstant } from './claim-stagger.js'
import { endsWithin } from '../../time-source.js'
import type { Reservation } from './slots.js'

/** Longest wait of a tick for the plans that its claim requests, ms. */
const PLANNING_WAIT_MS = 20

/** The limits of one tick. */
export interface TickRequest {
  /** Id of the request. It is sent again unchanged after a lost reply: the same id returns the same runs. */
  readonly requestId: string
  /** The slots that this tick may fill. */
  readonly reservation: Reservation
  /** Most occurrences to take while other workers claim the same instant. */
  readonly maxClaims: number
  /** How early an occurrence may be claimed, ms; its run starts at its instant. */
  readonly aheadMs: number
  /** When this worker expects the next occurrence, epoch ms of Redis's clock; null for none. */
  readonly expectedDueMs: number | null
  /** Whether the claim itself may announce the next due. */
  readonly tellsFleet?: boolean
  /** The expected instant, if only the workers near it expect it. */
  readonly near?: NearInstant | null
}

/**
 * One tick: claims due work within its slots, starts the won runs, and plans the schedules whose plan the claim could
 * not use. The runs settle by themselves.
 *
 * @throws the error of the connection: Redis may have executed the claim, so the same request has to be sent again
 */
export async function tick(shard: ShardRuntime, request: TickRequest): Promise<ClaimReply> {
  const { time, store } = shard
  const { requestId, reservation, maxClaims, aheadMs, expectedDueMs, tellsFleet = false, near = null } = request
  const sentAtMonotonic = time.monotonic()
  const sentAtWall = time.wall()
  const claim = store.claim({
    requestId,
    slots: reservation.slots,
    maxClaims: Math.min(maxClaims, reservation.slots),
    aheadMs,
    expectedDueMs,
    tellsFleet,
    near,
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
    for (const run of runs) runClaimed(shard, run, sent, shard.preciseTimer.at(run.startMs, aheadMs))
  })
  // No run waits for the subscribers.
  publishClaim(shard, { result: runs.length > 0 ? 'won' : 'empty', runCount: runs.length, durationMs })
  for (const skipped of reply.skipped) reportSkip(shard, { ...skipped, count: 1 })
  // The wait for plans is bounded: after an outage many plans are needed, and other schedules are due meanwhile.
  if (reply.needsPlanning.length > 0) await endsWithin(time, PLANNING_WAIT_MS, planAll(shard, reply))
  return reply
}

/** Tells the subscribers of `everybeat:claim` how a claim ended. */
function publishClaim(
  { workerId, shard, isPublished }: ShardRuntime,
  end: Omit<ClaimMessage, 'worker' | 'shard'>,
): void {
  if (isPublished && CLAIM_CHANNEL.hasSubscribers)
    CLAIM_CHANNEL.publish({ worker: workerId, shard, ...end } satisfies ClaimMessage)
}

function reportUnacknowledged({ emit }: ShardRuntime, runCount: number): void {
  const message = `fewer replicas than \`durability\` requires hold the claim of ${runCount} runs: these runs wait`
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
    // If parked work remains after this claim, the claim script announces it again.
    parkedShards.get(task.name)?.delete(shard)
    capacities.push({ pool, task: task.name, maxConcurrent: limitOn(task, shard, shardCount), freeSlots })
  }
  return capacities
}

/**
 * The part of a task's fleet-wide limit on one shard (0: no limit). A script sees one shard only, so the limit is
 * divided among the shards: together they never exceed it.
 */
function limitOn({ maxConcurrent }: Task, shard: number, shardCount: number): number {
  if (maxConcurrent === null) return 0
  return Math.floor(maxConcurrent / shardCount) + (shard < maxConcurrent % shardCount ? 1 : 0)
}

/** Plans the schedules of a reply; a schedule that cannot be planned does not keep the others waiting. */
async function planAll(shard: ShardRuntime, reply: ClaimReply): Promise<void> {
  await Promise.all(
    reply.needsPlanning.map((schedule) =>
      replan(shard, schedule, reply.nowMs).catch((error: unknown) =>
        shard.emit('error', { ...toErrorData(error), context: `planning ${schedule.name}` }),
      ),
    ),
  )
}
