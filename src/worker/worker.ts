import { EverybeatError } from '../errors.js'
import { toErrorData, type Emit } from '../events/events.js'
import type { AbortKind, ActiveRun } from './run/active-run.js'
import { createDefinitionCache } from './run/definition-cache.js'
import { GIVE_UP_MS } from './run/decide-settlement.js'
import { createLeaseKeeper } from './run/lease-keeper.js'
import { describeRun } from './run/report-run.js'
import { endsWithin, type Timer, type TimeSource } from '../time-source.js'
import type { FleetZoneData, LeaseThread, ShardReply, WorkerStore } from './store.js'
import { createShard, type Shard } from './shard-worker.js'
import { createSlots, type Task } from './run/task.js'
import { createZoneDuty } from './maintenance/tz-authority.js'

/** Places that have the right to watch definitions: enough to survive a death, few enough to cost nothing. */
const WATCHERS = 2
/** After a suspicion (a lane that filled up), the places come one after the other by this step, ms. */
const LANE_STEP_MS = 2
/** How often a worker reads Redis's clock before it begins. */
const CLOCK_READINGS = 5

/** What a worker is made of. */
export interface WorkerOptions {
  readonly id: string
  readonly concurrency: number
  readonly leaseMs: number
  /** Keeps leases while a handler blocks the event loop; null: then they end. */
  readonly leaseThread: LeaseThread | null
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly pool: string
  /** The version of the time-zone data that this worker computes with. */
  readonly tz: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly time: TimeSource
  /** What a worker says of itself in its record. */
  readonly describe: () => Record<string, string>
  /** Redis has lost its memory, or has another one: what is declared in code has to be written again. */
  readonly onMemoryLost: () => void
  /** This worker's place in the fleet gives it, or takes from it, the watch over definitions. */
  readonly onWatchDuty: (watches: boolean) => void
  /** Takes in what a reply says of the layout; throws when it is another one than this worker's. */
  readonly onReply: (reply: ShardReply) => void
}

/** One started instance: it ticks on every shard, runs what it claims, beats, and does its turn of the upkeep. */
export interface Worker {
  readonly id: string
  /** Joins the fleet. Throws what the first heartbeat throws. */
  start(): Promise<void>
  /** Claims nothing while paused; what runs goes on. */
  setPaused(paused: boolean): void
  /** Stops claiming, waits for runs up to the time-out, then aborts them; leaves the fleet. */
  stop(timeoutMs: number): Promise<void>
  heardHead(shard: number, headMs: number | null, count: number): void
  /** Somebody joined the fleet, as one of so many. */
  heardJoined(workerId: string, size: number): void
  /** What the memory of Redis is called: another name than before means that it was lost. */
  heardMemory(shard: number, generation: string): void
  heardLane(shard: number, pool: string, task: string): void
  /** Definitions were written or removed. */
  heardChanged(schedules: readonly string[]): void
  nudge(shard?: number): void
  /** Aborts a run if it goes here. */
  cancel(runId: string, kind: AbortKind): void
  inspect(shard: number, names: readonly string[]): Promise<void>
  /** Plans what workers with older time-zone data leave to this one. */
  plan(shard: number, names: readonly string[]): Promise<void>
  /** Plans anew what somebody with other time-zone data planned otherwise. */
  checkPlans(shard: number, names: readonly string[]): Promise<void>
  /** Whether the plan of each schedule that is written is to be looked at here: some of the fleet have older data. */
  checksWrites(): boolean
  setWatched(watched: boolean): void
  /** The connection came back: asks at once what happened meanwhile. */
  reconnected(): void
  readonly activeRuns: ReadonlyMap<string, ActiveRun>
  /** When Redis last answered a tick or a heartbeat, on the monotonic clock. */
  readonly lastContactAt: number
}

/** Creates the worker of an instance on its shards. */
export function createWorker(options: WorkerOptions, stores: readonly WorkerStore[]): Worker {
  const { id, emit, time } = options
  const reportError = (context: string) => (error: unknown) => emit('error', { ...toErrorData(error), context })
  let stopped = false
  const lanesHeard = new Map<string, Set<number>>()
  const slots = createSlots(
    options.concurrency,
    (task) => {
      for (const shard of lanesHeard.get(task) ?? []) shards[shard]?.loop.nudge()
    },
    stores.length,
  )
  const keeper = createLeaseKeeper({
    leaseMs: options.leaseMs,
    time,
    thread: options.leaseThread,
    onLost: (run, reason) => emit('lease:lost', { ...describeRun({ workerId: id }, run), reason }),
  })
  const zones = createZoneDuty(id, options.tz)
  const active = new Map<string, ActiveRun>()
  const context = {
    workerId: id,
    tasks: options.tasks,
    lanesHeard,
    slots,
    keeper,
    cache: createDefinitionCache(),
    active,
    holders: new Map<string, ActiveRun>(),
    emit,
    zones,
    pool: options.pool,
    time,
    isStopping: () => stopped,
  }
  const shards: Shard[] = stores.map((store, shard) =>
    createShard({
      context,
      store,
      shard,
      shards: stores.length,
      maxSleepMs: options.maxSleepMs,
      beatMs: options.beatMs,
      emit,
      onReply: options.onReply,
      onCancelled: (runId) => cancel(runId, 'cancelled'),
      onMemoryLost: options.onMemoryLost,
    }),
  )
  // The fleet is known by the first shard alone: a worker that beat on each would cost that many times as much.
  const [home, ...others] = shards as [Shard, ...Shard[]]
  let beatTimer: Timer | null = null
  let beating = false
  let watches = false
  let rank = 0
  let fleetSize = 1
  let checkingPlans = false
  let refusal: string | null = null
  /** Heartbeats that are not answered yet: behind the leave they would put the worker back. */
  const beatsInFlight = new Set<Promise<unknown>>()

  function expectAnswer<Reply>(heartbeat: Promise<Reply>): Promise<Reply> {
    beatsInFlight.add(heartbeat)
    heartbeat.finally(() => beatsInFlight.delete(heartbeat)).catch(() => {})
    return heartbeat
  }

  async function beat(): Promise<void> {
    const lookedWith = zones.lookedWith
    const reply = await expectAnswer(home.beat(options.describe(), lookedWith))
    refusal = null
    for (const shard of shards) shard.resume()
    zones.told(lookedWith)
    rank = reply.rank
    fleetSize = reply.fleetSize
    for (const shard of shards) shard.setFleet(fleetSize, rank)
    // The message that told of a lane may have been lost.
    if (reply.laneCount > 0) home.loop.nudge(Math.min(rank, 50) * LANE_STEP_MS)
    if (watches !== rank < WATCHERS) {
      watches = rank < WATCHERS
      options.onWatchDuty(watches)
    }
    hearZoneData(reply.zoneData)
  }

  function hearZoneData(data: FleetZoneData): void {
    zones.hear(data)
    if (data.mix) emit('fleet:mixed-tz', { versions: data.mix })
    if (!data.looksAtAll || checkingPlans || stopped) return
    checkingPlans = true
    void Promise.all(shards.map(({ upkeep }) => upkeep.checkAllPlans())).then((done) => {
      checkingPlans = false
      if (done.every((wasAll) => wasAll)) zones.haveLooked()
    })
  }

  function beatAll(): void {
    if (beating || stopped) return
    beating = true
    const looks = others.map((shard) => shard.lookIfDue().catch(reportError('heartbeat')))
    void Promise.all([beat().catch(reportBeat), ...looks]).finally(() => (beating = false))
  }

  /** Keys of another layout mean something else: nothing is claimed until they are again as they were. */
  function reportBeat(error: unknown): void {
    if (!(error instanceof EverybeatError) || error.code !== 'ERR_EVERYBEAT_LAYOUT') {
      return reportError('heartbeat')(error)
    }
    for (const shard of shards) shard.pause()
    // Each heartbeat meets the same: once is enough.
    if (refusal === error.message) return
    refusal = error.message
    const message = `${error.message}. This worker claims nothing until then`
    emit('error', { ...toErrorData(error), message, context: 'layout' })
  }

  function cancel(runId: string, kind: AbortKind): void {
    const run = active.get(runId)
    if (!run) return
    const why = kind === 'replaced' ? 'a newer occurrence replaces it' : 'somebody cancelled it'
    run.abort(kind, `run ${runId} is stopped: ${why}`)
  }

  /** The first calls are slow, and as imprecise a clock would make every start late. */
  async function setClock({ store }: Shard): Promise<void> {
    for (let index = 0; index < CLOCK_READINGS; index += 1) await store.readClock()
  }

  async function drain(timeoutMs: number): Promise<void> {
    let timer: Timer | undefined
    const timeout = new Promise<void>((resolve) => (timer = time.setTimeout(resolve, timeoutMs)))
    await Promise.race([slots.whenIdle(), timeout])
    if (timer) time.clearTimeout(timer)
    if (slots.taken === 0) return
    const message = `the worker stops, and the run did not end within ${timeoutMs} ms`
    for (const run of active.values()) run.abort('shutdown', message)
    // Every aborted run is given up by itself after this time at the latest.
    await slots.whenIdle()
  }

  return {
    id,
    activeRuns: active,
    async start() {
      await Promise.all([beat(), ...others.map((shard) => shard.look())])
      await Promise.all(shards.map(setClock))
      if (stopped) return
      beatTimer = time.setInterval(beatAll, options.beatMs)
      for (const { loop } of shards) loop.start()
    },
    setPaused: (paused) => slots.setPaused(paused),
    async stop(timeoutMs) {
      if (stopped) return
      stopped = true
      if (beatTimer) time.clearInterval(beatTimer)
      for (const { upkeep } of shards) upkeep.stop()
      // A claim under way is answered at once, or Redis is out of reach: then what it may win waits for its lease.
      await endsWithin(time, GIVE_UP_MS, Promise.all(shards.map(({ loop }) => loop.stop())))
      const beats = time.setInterval(() => {
        // While runs come to their end, the worker still shows that it lives.
        expectAnswer(home.store.heartbeat(options.describe())).catch(() => {})
      }, options.beatMs)
      await drain(timeoutMs)
      time.clearInterval(beats)
      await Promise.all(shards.map(({ settler }) => settler.stop(GIVE_UP_MS)))
      keeper.stop()
      const left = Promise.allSettled(beatsInFlight)
        .then(() => home.store.leave())
        .catch(() => {})
      await endsWithin(time, GIVE_UP_MS, left)
    },
    heardHead: (shard, headMs, count) => shards[shard]?.heardHead(headMs, count),
    heardJoined(workerId, size) {
      // It comes behind all others: their places stay what they are. A heartbeat that crossed the message knows it already.
      if (workerId === id || size <= fleetSize) return
      fleetSize = size
      for (const shard of shards) shard.setFleet(fleetSize, rank)
    },
    heardMemory: (shard, generation) => shards[shard]?.heardMemory(generation),
    heardLane(shard, pool, task) {
      const known = pool === options.pool ? options.tasks.get(task) : undefined
      if (!known) return
      // This may be said before this worker knows that its own claim has just filled the task.
      if (known.concurrency !== null) lanesHeard.set(task, (lanesHeard.get(task) ?? new Set()).add(shard))
      shards[shard]?.loop.nudge(Math.min(rank, 50) * LANE_STEP_MS)
    },
    heardChanged(schedules) {
      for (const schedule of schedules) context.cache.forget(schedule)
    },
    nudge(shard) {
      for (const [index, { loop }] of shards.entries()) if (shard === undefined || shard === index) loop.nudge()
    },
    cancel,
    inspect: (shard, names) => shards[shard]?.upkeep.inspect(names) ?? Promise.resolve(),
    plan: (shard, names) => shards[shard]?.upkeep.plan(names) ?? Promise.resolve(),
    checkPlans: (shard, names) => shards[shard]?.upkeep.checkPlans(names) ?? Promise.resolve(),
    checksWrites: () => zones.checksWrites,
    setWatched(watched) {
      for (const shard of shards) shard.setWatched(watched)
    },
    reconnected: beatAll,
    get lastContactAt() {
      return Math.max(...shards.map(({ loop }) => loop.lastContactAt))
    },
  }
}
