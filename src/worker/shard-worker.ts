import { toErrorData, type Emit } from '../events/events.js'
import { createAlarm } from './loop/precise-timer.js'
import { createLoop, type Loop } from './loop/loop.js'
import type { HeartbeatReply, ShardReply, WorkerStore } from './store.js'
import { createSettler, type Settler } from './run/settler.js'
import { decideLook, QUIET_MS, tendsShard } from './maintenance/shard-polling.js'
import type { TickContext } from './loop/tick.js'
import { createUpkeep, type Upkeep } from './maintenance/maintenance.js'

/** One shard as a worker serves it: what ticks on it, settles its runs and looks after it. */
export interface Shard {
  readonly loop: Loop
  readonly settler: Settler
  readonly upkeep: Upkeep
  readonly store: WorkerStore
  /** Shows that the worker lives; on the first shard. Rejects when Redis does not answer, or has another layout. */
  beat(fields: Record<string, string>, lookedWith: string): Promise<HeartbeatReply>
  /** Looks after the shard if it is time; on the others. Rejects like {@link Shard.beat}. */
  lookIfDue(): Promise<void>
  /** Looks after the shard. Rejects like {@link Shard.beat}. */
  look(): Promise<void>
  heardHead(headMs: number | null, count: number): void
  /** Takes in what this memory of Redis is called. */
  heardMemory(generation: string): void
  setFleet(size: number, rank: number): void
  setWatched(watched: boolean): void
  /** Claims nothing until the layout is right again, here and where `resume` is called from. */
  pause(): void
  resume(): void
}

/** What a shard is made of. */
export interface ShardOptions {
  /** Everything but what is each shard's own. */
  readonly context: Omit<TickContext, 'clock' | 'alarm' | 'shard' | 'shards'>
  readonly store: WorkerStore
  readonly shard: number
  readonly shards: number
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly emit: Emit
  /** Takes in what a reply says of the layout; throws when it is another one: then nothing is claimed here. */
  readonly onReply: (reply: ShardReply) => void
  readonly onCancelled: (runId: string) => void
  readonly onMemoryLost: () => void
}

/** Creates one shard of a worker. */
export function createShard(options: ShardOptions): Shard {
  const { store, shard, shards, emit, beatMs, maxSleepMs } = options
  const context: TickContext = {
    ...options.context,
    clock: store.clock,
    alarm: createAlarm(store.clock, options.context.time),
    shard,
    shards,
  }
  const { time } = context
  const { monotonic } = time
  const reportError = (what: string) => (error: unknown) => emit('error', { ...toErrorData(error), context: what })
  const settler = createSettler(store, time, reportError('settle'))
  const loop = createLoop(context, store, settler, {
    shard,
    shards,
    maxSleepMs: longestSleep,
    onError: reportError('claim'),
  })
  const upkeep = createUpkeep(store, context)
  let fleet = { size: 1, rank: 0 }
  let generation: string | null = null
  let watched = false
  let stirred = true
  let isRight = true
  let lookedAt = monotonic()

  /** A look brings the head too: where looks come as often as ticks must, ticks of their own are not needed. */
  function longestSleep(size: number, rank: number): number {
    if (maxSleepMs < beatMs) return maxSleepMs
    if (shard === 0) return maxSleepMs + beatMs / 4
    // Whoever tends the shard has its head; the others are told of it.
    return tendsShard(shard, size, rank) ? Math.max(maxSleepMs, QUIET_MS) + 2 * beatMs : Number.POSITIVE_INFINITY
  }

  function takeReply(reply: ShardReply, mark: number): void {
    try {
      options.onReply(reply)
      isRight = true
    } catch (error) {
      isRight = false
      loop.pause()
      throw error
    }
    loop.setHeadSince(mark, reply.headMs, reply.headCount)
    for (const runId of reply.cancelled) options.onCancelled(runId)
    heardMemory(reply.generation)
    if (reply.healed.length > 0) putBack(reply.healed)
    if (reply.elected) void upkeep.work(reply)
  }

  function putBack(keys: readonly string[]): void {
    const message = `somebody overwrote ${keys.join(', ')} with a value of another type; it was removed, and its schedules are put back`
    emit('error', { name: 'IndexError', message, context: 'index' })
    void upkeep.lookAtAll()
  }

  function heardMemory(name: string): void {
    const isNew = generation !== null && generation !== name
    generation = name
    if (isNew) options.onMemoryLost()
  }

  function countOwnRuns(): number {
    let count = 0
    for (const run of context.active.values()) if (run.shard === shard) count += 1
    return count
  }

  async function look(): Promise<void> {
    const mark = loop.mark()
    lookedAt = monotonic()
    stirred = false
    const reply = await store.tend()
    stirred ||= reply.isBusy
    takeReply(reply, mark)
    // The message that told of a lane may have been lost.
    if (reply.laneCount > 0) loop.nudge()
  }

  return {
    loop,
    settler,
    upkeep,
    store,
    async beat(fields, lookedWith) {
      const mark = loop.mark()
      const reply = await store.heartbeat(fields, lookedWith)
      takeReply(reply, mark)
      return reply
    },
    look,
    async lookIfDue() {
      const tends = tendsShard(shard, fleet.size, fleet.rank)
      const lookedMs = monotonic() - lookedAt
      if (decideLook({ tends, lookedMs, stirred, watched, ownRuns: countOwnRuns() })) await look()
    },
    heardHead(headMs, count) {
      stirred = true
      loop.setHead(headMs, count)
    },
    heardMemory,
    setFleet(size, rank) {
      fleet = { size, rank }
      loop.setFleet(size, rank)
    },
    pause: () => loop.pause(),
    resume() {
      if (isRight) loop.resume()
    },
    setWatched(value) {
      // What happened before it began, a flush for one, the watch does not tell.
      stirred ||= value
      watched = value
      upkeep.setWatched(value)
    },
  }
}
