import type { Emit } from '../events/events.js'
import { ErrorLog } from './error-log.js'
import { Loop } from './loop/loop.js'
import { PreciseTimer } from './loop/precise-timer.js'
import { Maintenance } from './maintenance/maintenance.js'
import type { PlanningPace } from './maintenance/planning-pace.js'
import { UnservedTasks, type TaskQueueReader } from './maintenance/unserved-tasks.js'
import { decidePoll, pollingPosition, QUIET_MS } from './maintenance/shard-polling.js'
import { Settler } from './run/settler.js'
import type { ShardRuntime, WorkerRuntime } from './shard-runtime.js'
import type { HeartbeatReply, ShardReply, WorkerStore } from './store.js'

/** Readings of Redis's clock before the first claim. */
const CLOCK_READINGS = 5

/** What a shard of a worker is made of. */
export interface ShardWorkerOptions {
  readonly runtime: WorkerRuntime
  readonly store: WorkerStore
  readonly taskQueues: TaskQueueReader
  readonly pace: PlanningPace
  /** The index of the shard, from 0; the first one knows the fleet. */
  readonly shard: number
  readonly shardCount: number
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly emit: Emit
  /** Takes in what a reply says of the layout; throws when it is another one: then nothing is claimed here. */
  readonly onReply: (reply: ShardReply) => void
  readonly onCancelled: (runId: string) => void
  /** Redis has another memory than before: what is declared in code has to be written again. */
  readonly onDataLoss: () => void
}

/** One shard as a worker serves it: its loop, its settlements and its maintenance. */
export class ShardWorker {
  readonly loop: Loop
  readonly settler: Settler
  readonly maintenance: Maintenance
  readonly store: WorkerStore
  readonly #runtime: ShardRuntime
  readonly #options: ShardWorkerOptions
  readonly #unserved: UnservedTasks
  /** Whether a reply came before: what waits at the first one is what this worker is about to claim. */
  #hasReply = false
  /** The size of the fleet, and this worker's place in the order of joining. */
  #fleet = { size: 1, rank: 0 }
  /** The name of the memory that Redis has; null before the first reply. */
  #generation: string | null = null
  /** Whether edits are seen as they happen. */
  #isWatched = false
  /** Whether something happened on the shard since the last poll. */
  #hasActivity = true
  /** Whether the last reply had the layout of this worker. */
  #isLayoutRight = true
  /** Whether the last poll of this backup showed that no other worker tends the shard. */
  #isAlone = false
  /** When the shard was last polled, on the monotonic clock, ms. */
  #polledAt: number
  /** Since when a poll is not answered, on the monotonic clock, ms; null when none is under way. */
  #pollingSince: number | null = null

  constructor(options: ShardWorkerOptions) {
    const { runtime, store, shard, shardCount, emit, pace } = options
    const { time } = runtime
    const errors = new ErrorLog(emit, time)
    const contextOf = (operation: string) => (shard === 0 ? operation : `${operation} of shard ${shard + 1}`)
    const preciseTimer = new PreciseTimer(store.clock, time)
    this.#options = options
    this.store = store
    this.settler = new Settler(store, time, {
      onError: (error) => errors.onError(contextOf('settle'), error),
      onSuccess: () => errors.onSuccess(contextOf('settle')),
    })
    this.#runtime = {
      ...runtime,
      shard,
      shardCount,
      store,
      clock: store.clock,
      preciseTimer,
      settler: this.settler,
      pace,
    }
    this.loop = new Loop(this.#runtime, {
      maxSleepMs: (fleetSize, rank) => this.#longestSleep(fleetSize, rank),
      onError: (error) => errors.onError(contextOf('claim'), error),
      onSuccess: () => errors.onSuccess(contextOf('claim')),
    })
    this.maintenance = new Maintenance(this.#runtime)
    this.#unserved = new UnservedTasks({
      reader: options.taskQueues,
      pool: runtime.pool,
      tasks: runtime.tasks,
      emit,
      onError: (error) => errors.onError(contextOf('unserved tasks'), error),
      onSuccess: () => errors.onSuccess(contextOf('unserved tasks')),
    })
    this.#polledAt = time.monotonic()
  }

  /** How long Redis has not answered a request about this shard, ms; 0 when nothing waits for an answer. */
  get silentMs(): number {
    const now = this.#runtime.time.monotonic()
    return now - Math.min(this.loop.waitingSince ?? now, this.#pollingSince ?? now)
  }

  /** Shows that the worker lives; on the first shard. Rejects when Redis does not answer, or has another layout. */
  async beat(fields: Record<string, string>, checkedWith: string): Promise<HeartbeatReply> {
    return await this.#ask(() => this.store.heartbeat(fields, checkedWith))
  }

  /** Polls the shard if it is time; on the others. Rejects like {@link beat}. */
  async pollIfDue(): Promise<void> {
    const { shard } = this.#options
    const { time, runs } = this.#runtime
    const isDue = decidePoll({
      position: pollingPosition(shard, this.#fleet.size, this.#fleet.rank),
      polledMs: time.monotonic() - this.#polledAt,
      hasActivity: this.#hasActivity,
      isWatched: this.#isWatched,
      ownRunCount: runs.countOf(shard),
      isAlone: this.#isAlone,
    })
    if (isDue && this.#pollingSince === null) await this.poll()
  }

  /** Polls the shard: reads what is due next there, and does its maintenance when elected. Rejects like {@link beat}. */
  async poll(): Promise<void> {
    const { shard } = this.#options
    this.#polledAt = this.#runtime.time.monotonic()
    this.#hasActivity = false
    const reply = await this.#ask(() => this.store.pollShard())
    this.#hasActivity ||= reply.hasActivity
    const position = pollingPosition(shard, this.#fleet.size, this.#fleet.rank)
    this.#isAlone = position !== 0 && reply.isElected && reply.hasActivity
    // The message about parked work may have been lost.
    if (reply.parkedQueueCount > 0) this.loop.requestTick()
  }

  /** Reads the clock of the shard's server: the first calls are slow, and as imprecise a clock makes every start late. */
  async setClock(): Promise<void> {
    for (let index = 0; index < CLOCK_READINGS; index += 1) await this.store.readClock()
  }

  onNextDue(dueMs: number | null, dueCount: number): void {
    this.#hasActivity = true
    this.loop.onNextDue(dueMs, dueCount)
  }

  /** Whether a message names another memory than the one that Redis had: a reply has to confirm it. */
  isOtherGeneration(generation: string): boolean {
    return this.#generation !== null && this.#generation !== generation
  }

  setFleet(size: number, rank: number): void {
    this.#fleet = { size, rank }
    this.loop.setFleet(size, rank)
  }

  setWatched(isWatched: boolean): void {
    // The watch reports nothing from before it started (a flush, for example), so poll once.
    this.#hasActivity ||= isWatched
    this.#isWatched = isWatched
    this.maintenance.setWatched(isWatched)
  }

  /** Claims nothing until a reply has the right layout and {@link resume} is called. */
  pause(): void {
    this.loop.pause()
  }

  resume(): void {
    if (this.#isLayoutRight) this.loop.resume()
  }

  /** A poll brings what is due next too: where polls are as frequent as ticks have to be, idle ticks are not needed. */
  #longestSleep(fleetSize: number, rank: number): number {
    const { maxSleepMs, beatMs, shard } = this.#options
    if (maxSleepMs < beatMs) return maxSleepMs
    if (shard === 0) return maxSleepMs + beatMs / 4
    // The worker that tends the shard knows what is due next, and the others are told.
    const tends = pollingPosition(shard, fleetSize, rank) === 0
    return tends ? Math.max(maxSleepMs, QUIET_MS) + 2 * beatMs : Number.POSITIVE_INFINITY
  }

  async #ask<Reply extends ShardReply>(request: () => Promise<Reply>): Promise<Reply> {
    const version = this.loop.nextDueVersion
    this.#pollingSince ??= this.#runtime.time.monotonic()
    const reply = await request()
    this.#pollingSince = null
    this.#takeReply(reply, version)
    return reply
  }

  #takeReply(reply: ShardReply, version: number): void {
    try {
      this.#options.onReply(reply)
      this.#isLayoutRight = true
    } catch (error) {
      this.#isLayoutRight = false
      this.loop.pause()
      throw error
    }
    this.loop.takeNextDue(version, reply.nextDueMs, reply.dueCount)
    for (const runId of reply.cancelled) this.#options.onCancelled(runId)
    const isLost = this.isOtherGeneration(reply.generation)
    this.#generation = reply.generation
    if (isLost) this.#options.onDataLoss()
    if (reply.repaired.length > 0) this.#repair(reply.repaired)
    if (reply.isElected) void this.maintenance.pass(reply)
    this.#tellUnserved(reply)
  }

  /** One worker tells it for the fleet, and knows what it has told: the one that tends the shard. */
  #tellUnserved({ parkedQueueCount, nowMs }: ShardReply): void {
    const { size, rank } = this.#fleet
    const tends = pollingPosition(this.#options.shard, size, rank) === 0
    if (parkedQueueCount === 0) this.#unserved.forget()
    else if (this.#hasReply && tends) void this.#unserved.check(nowMs)
    this.#hasReply = true
  }

  #repair(keys: readonly string[]): void {
    const message = `another program overwrote ${keys.join(', ')} with a value of another type; the value was removed, and the schedules of the index are put back`
    this.#options.emit('error', { name: 'IndexError', message, context: 'index' })
    void this.maintenance.repairIndexes()
  }
}
