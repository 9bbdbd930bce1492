import { randomUUID } from 'node:crypto'
import { toErrorData, type Emit } from '../events.js'
import { abortRun, type AbortKind, type ActiveRun } from './active-run.js'
import type { RedisClock } from './port.js'
import { createDefinitionCache } from './definition-cache.js'
import { GIVE_UP_MS } from './execute.js'
import { createLeaseKeeper } from './lease-keeper.js'
import { describeRun } from './launch.js'
import { createLoop, type Loop } from './loop.js'
import type { FleetZoneData, HeartbeatReply, WorkerStore } from './port.js'
import { createSettler, type Settler } from './settler.js'
import { createSlots, type Task } from './tasks.js'
import type { TickContext } from './tick.js'
import { createUpkeep, type Upkeep } from './upkeep.js'
import { createZoneDuty } from './zone-duty.js'

/** Places that have the right to watch definitions: enough to survive a death, few enough to cost nothing. */
const WATCHERS = 2
/** After a suspicion (a lane that filled up), the places come one after the other by this step, ms. */
const LANE_STEP_MS = 2

/** What a worker is made of. */
export interface WorkerOptions {
  readonly id: string
  readonly concurrency: number
  readonly leaseMs: number
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly pool: string
  /** The version of the time-zone data that this worker computes with. */
  readonly tz: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly clock: RedisClock
  readonly emit: Emit
  readonly monotonic: () => number
  readonly wall: () => number
  readonly random: () => number
  /** What a worker says of itself in its record. */
  readonly describe: () => Record<string, string>
  /** Redis has lost its memory, or has another one: what is declared in code has to be written again. */
  readonly onMemoryLost: () => void
  /** This worker's place in the fleet gives it, or takes from it, the watch over definitions. */
  readonly onWatchDuty: (watches: boolean) => void
  readonly onHeartbeat: (reply: HeartbeatReply) => void
}

/** One started instance: it ticks on every shard, runs what it claims, beats, and does its turn of the upkeep. */
export interface Worker {
  readonly id: string
  /** Joins the fleet. Throws what the first heartbeat throws. */
  start(): Promise<void>
  /** Stops claiming, waits for runs up to the time-out, then aborts them; leaves the fleet. */
  stop(timeoutMs: number): Promise<void>
  heardHead(shard: number, headMs: number | null, count: number): void
  heardLane(shard: number, pool: string, task: string): void
  nudge(shard?: number): void
  /** Aborts a run if it goes here. */
  cancel(runId: string, kind: AbortKind): void
  inspect(shard: number, names: readonly string[]): Promise<void>
  /** Plans what workers with older time-zone data leave to this one. */
  plan(shard: number, names: readonly string[]): Promise<void>
  /** Somebody wrote a schedule: where the fleet has different time-zone data, the planner looks at its plan. */
  heardChange(shard: number, names: readonly string[]): Promise<void>
  setWatched(watched: boolean): void
  /** The connection came back: asks at once what happened meanwhile. */
  reconnected(): void
  readonly activeRuns: ReadonlyMap<string, ActiveRun>
  /** When Redis last answered a tick or a heartbeat, on the monotonic clock. */
  readonly lastContactAt: number
}

interface Shard {
  store: WorkerStore
  settler: Settler
  loop: Loop
  upkeep: Upkeep
  generation: string | null
  /** Whether this worker plans for others, and their time-zone data is not all the same. */
  checksWrites: boolean
  /** The version with which all plans have just been looked at, until Redis knows. */
  lookedWith: string
}

/** Creates the worker of an instance on its shards. */
export function createWorker(options: WorkerOptions, stores: readonly WorkerStore[]): Worker {
  const { id, emit, clock, monotonic } = options
  const reportError = (context: string) => (error: unknown) => emit('error', { ...toErrorData(error), context })
  let stopped = false
  /** Tasks with a bound on this worker of which something was put aside: a run of theirs that ends makes room for it. */
  const lanesHeard = new Set<string>()
  const slots = createSlots(options.concurrency, (task) => {
    const wasHeard = lanesHeard.delete(task)
    for (const { loop } of shards) {
      if (wasHeard) loop.nudge()
      else loop.rearm()
    }
  })
  const keeper = createLeaseKeeper({
    leaseMs: options.leaseMs,
    monotonic,
    wall: options.wall,
    onLost: (run, reason) => emit('lease:lost', { ...describeRun({ workerId: id }, run), reason }),
  })
  const active = new Map<string, ActiveRun>()
  const context: TickContext = {
    workerId: id,
    clock,
    tasks: options.tasks,
    slots,
    keeper,
    cache: createDefinitionCache(),
    active,
    holders: new Map(),
    emit,
    random: options.random,
    zones: createZoneDuty(options.tz),
    pool: options.pool,
    monotonic,
    wall: options.wall,
    isStopping: () => stopped,
  }
  // A heartbeat tells of the head too: where it comes as often as a tick must, ticks of their own are not needed.
  const maxSleepMs = options.maxSleepMs < options.beatMs ? options.maxSleepMs : options.maxSleepMs + options.beatMs / 4
  const shards: Shard[] = stores.map((store) => {
    const settler = createSettler(store, reportError('settle'))
    const loop = createLoop(context, store, settler, { maxSleepMs, onError: reportError('claim') })
    const upkeep = createUpkeep(store, context)
    return { store, settler, loop, upkeep, generation: null, checksWrites: false, lookedWith: '' }
  })
  let beatTimer: NodeJS.Timeout | null = null
  let beating = false
  let watches = false
  let rank = 0

  async function beat(shard: Shard): Promise<void> {
    const mark = shard.loop.mark()
    const { lookedWith } = shard
    const reply = await shard.store.heartbeat(options.describe(), lookedWith)
    if (shard.lookedWith === lookedWith) shard.lookedWith = ''
    options.onHeartbeat(reply)
    rank = reply.rank
    shard.loop.setFleet(reply.fleetSize, reply.rank)
    shard.loop.setHeadSince(mark, reply.headMs, reply.headCount)
    // The message that told of a lane may have been lost.
    if (reply.laneCount > 0) shard.loop.nudge(Math.min(rank, 50) * LANE_STEP_MS)
    for (const runId of reply.cancelled) cancel(runId, 'cancelled')
    if (shard.generation !== null && shard.generation !== reply.generation) options.onMemoryLost()
    shard.generation = reply.generation
    if (shard === shards[0] && watches !== rank < WATCHERS) {
      watches = rank < WATCHERS
      options.onWatchDuty(watches)
    }
    hearZoneData(shard, reply.zoneData)
    if (reply.elected && !stopped) void shard.upkeep.work(reply)
  }

  function hearZoneData(shard: Shard, { newest, planner, looksAtAll, isMixed, mix }: FleetZoneData): void {
    context.zones.hear(newest)
    shard.checksWrites = isMixed && planner === id
    // Every shard has the same workers.
    if (mix && shard === shards[0]) emit('fleet:mixed-tz', { versions: mix })
    if (!looksAtAll || stopped) return
    void shard.upkeep.checkAllPlans().then((done) => {
      if (done) shard.lookedWith = options.tz
    })
  }

  function beatAll(): void {
    if (beating || stopped) return
    beating = true
    void Promise.all(shards.map((shard) => beat(shard).catch(reportError('heartbeat')))).finally(
      () => (beating = false),
    )
  }

  function cancel(runId: string, kind: AbortKind): void {
    const run = active.get(runId)
    if (!run) return
    const why = kind === 'replaced' ? 'a newer occurrence replaces it' : 'somebody cancelled it'
    abortRun(run, kind, `run ${runId} is stopped: ${why}`)
  }

  async function drain(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
    await Promise.race([slots.whenIdle(), timeout])
    clearTimeout(timer)
    if (slots.taken === 0) return
    const message = `the worker stops, and the run did not end within ${timeoutMs} ms`
    for (const run of active.values()) abortRun(run, 'shutdown', message)
    // Every aborted run is given up by itself after this time at the latest.
    await slots.whenIdle()
  }

  return {
    id,
    activeRuns: active,
    async start() {
      await Promise.all(shards.map(beat))
      if (stopped) return
      beatTimer = setInterval(beatAll, options.beatMs)
      for (const { loop } of shards) loop.start()
    },
    async stop(timeoutMs) {
      if (stopped) return
      stopped = true
      if (beatTimer) clearInterval(beatTimer)
      for (const { upkeep } of shards) upkeep.stop()
      // A claim under way is answered at once, or Redis is out of reach: then what it may win waits for its lease.
      await Promise.race([
        Promise.all(shards.map(({ loop }) => loop.stop())),
        new Promise((resolve) => setTimeout(resolve, GIVE_UP_MS).unref()),
      ])
      const beats = setInterval(() => {
        // While runs come to their end, the worker still shows that it lives.
        for (const { store } of shards) store.heartbeat(options.describe()).catch(() => {})
      }, options.beatMs)
      await drain(timeoutMs)
      clearInterval(beats)
      await Promise.all(shards.map(({ settler }) => settler.stop(GIVE_UP_MS)))
      keeper.stop()
      const left = Promise.all(shards.map(({ store }) => store.leave().catch(() => {})))
      await Promise.race([left, new Promise((resolve) => setTimeout(resolve, GIVE_UP_MS).unref())])
    },
    heardHead: (shard, headMs, count) => shards[shard]?.loop.setHead(headMs, count),
    heardLane(shard, pool, task) {
      const known = pool === options.pool ? options.tasks.get(task) : undefined
      if (!known) return
      // This may be said before this worker knows that its own claim has just filled the task.
      if (known.concurrency !== null) lanesHeard.add(task)
      shards[shard]?.loop.nudge(Math.min(rank, 50) * LANE_STEP_MS)
    },
    nudge(shard) {
      for (const [index, { loop }] of shards.entries()) if (shard === undefined || shard === index) loop.nudge()
    },
    cancel,
    inspect: (shard, names) => shards[shard]?.upkeep.inspect(names) ?? Promise.resolve(),
    plan: (shard, names) => shards[shard]?.upkeep.plan(names) ?? Promise.resolve(),
    async heardChange(shard, names) {
      if (shards[shard]?.checksWrites) await shards[shard].upkeep.checkPlans(names)
    },
    setWatched(watched) {
      for (const { upkeep } of shards) upkeep.setWatched(watched)
    },
    reconnected: beatAll,
    get lastContactAt() {
      return Math.max(...shards.map(({ loop }) => loop.lastContactAt))
    },
  }
}

/** A fresh id for one start of a worker: never the host name, two workers on one host are two workers. */
export function createWorkerId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 16)
}
