import { toErrorData } from '../../events/events.js'
import type { Alarm } from './precise-timer.js'
import { launchRun, type LaunchContext } from '../run/run-claimed.js'
import { replan } from '../maintenance/planner.js'
import type { ClaimReply, Lane, WorkerStore } from '../store.js'
import type { Settler } from '../run/settler.js'
import type { Hold, Task } from '../run/task.js'

/** What a tick needs: the parts of the worker and the store of one shard. */
export interface TickContext extends LaunchContext {
  readonly pool: string
  readonly shards: number
  readonly alarm: Alarm
  /**
   * Tasks with a bound on this worker of which something was put aside, on which shards: a run of theirs that ends, or a
   * claim that leaves room, makes room for it.
   */
  readonly lanesHeard: ReadonlyMap<string, Set<number>>
}

/**
 * One tick: ask Redis what is due, claim what there is room for, start it here, and make the plans that are asked for.
 * What was started settles by itself.
 *
 * @param hold the slots that it may fill
 * @param requestId the id of this tick's claim; after a lost reply the same id must be used again
 * @throws whatever the connection throws: then the claim may have happened, and has to be asked for again
 */
export async function tick(
  context: TickContext,
  store: WorkerStore,
  settler: Settler,
  requestId: string,
  hold: Hold,
  share: number,
  aheadMs: number,
  expectedMs: number | null,
): Promise<ClaimReply> {
  const sent = { monotonic: context.time.monotonic(), wall: context.time.wall() }
  const reply = await store.claim({
    requestId,
    slots: hold.slots,
    share: Math.min(share, hold.slots),
    aheadMs,
    expectedMs,
    lanes: openLanes(context, hold),
  })
  if (!reply.isAcknowledged && reply.runs.length > 0) {
    const message = `fewer replicas than durability asks for hold the claim of ${reply.runs.length} runs: they wait`
    context.emit('error', { name: 'DurabilityError', message, context: 'claim' })
  }
  const claim = { ...sent, isAcknowledged: reply.isAcknowledged }
  for (const run of reply.runs) {
    void launchRun(context, store, settler, run, claim, context.alarm.at(run.startMs, aheadMs))
  }
  for (const { schedule, nominalMs, reason } of reply.skipped) {
    context.emit('run:skipped', { schedule, scheduledAt: nominalMs, reason, count: 1 })
  }
  if (reply.handedBack.length > 0) await planAll(context, store, reply)
  return reply
}

/** The tasks that this worker may claim now. */
function openLanes({ tasks, pool, shard, shards, lanesHeard }: TickContext, hold: Hold): Lane[] {
  const lanes: Lane[] = []
  for (const task of tasks.values()) {
    const room = hold.roomFor(task)
    if (room === 0) continue
    // What is left there then is told of again.
    lanesHeard.get(task.name)?.delete(shard)
    lanes.push({ pool, task: task.name, maxConcurrent: limitOn(task, shard, shards), room })
  }
  return lanes
}

/**
 * The part of a task's fleet-wide limit that holds on one shard (0: no limit). Shards know nothing of each other, so the
 * limit is dealt out to them: together they never exceed it.
 */
function limitOn({ maxConcurrent }: Task, shard: number, shards: number): number {
  if (maxConcurrent === null) return 0
  return Math.floor(maxConcurrent / shards) + (shard < maxConcurrent % shards ? 1 : 0)
}

/** One schedule that cannot be planned must not keep the others waiting. */
async function planAll(context: TickContext, store: WorkerStore, reply: ClaimReply): Promise<void> {
  await Promise.all(
    reply.handedBack.map((schedule) =>
      replan(context, store, schedule, reply.nowMs).catch((error: unknown) =>
        context.emit('error', { ...toErrorData(error), context: `planning ${schedule.name}` }),
      ),
    ),
  )
}
