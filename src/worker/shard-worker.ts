import type { Emit } from '../events/events.js'
import { ErrorLog } from './error-log.js'
import { LARGE_FLEET } from './loop/claim-stagger.js'
import { Loop } from './loop/loop.js'
import { PreciseTimer } from './loop/precise-timer.js'
import { Maintenance } from './maintenance/maintenance.js'
import type { PlanningPace } from './maintenance/planning-pace.js'
import { UnservedTasks, type TaskQueueReader } from './maintenance/unserved-tasks.js'
import { decidePoll, pollingPosition, QUIET_MS } from './maintenance/shard-polling.js'
import { Settler } from './run/settler.js'
import type { ShardRuntime, WorkerRuntime } from './shard-runtime.js'
import type { HeartbeatReply, ShardReply, WorkerStore } from './store.js'

/** Samples of Redis's clock before the first claim. */
const CLOCK_READINGS = 5
/**
 * Age of the last reading at which a worker that starts runs soon takes the next one, ms: before the clock forgets it. The
 * other samples are of calls that take longer, and each microsecond of them would make starts late.
 */
const CLOCK_AGE_MS = 14_000

/** The parts of a {@link ShardWorker}. */
export interface ShardWorkerOptions {
  readonly runtime: WorkerRuntime
  readonly store: WorkerStore
  readonly taskQueues: TaskQueueReader
  readonly pace: PlanningPace
  /** The index of the shard, from 0; the first shard holds the list of workers. */
  readonly shard: number
  readonly shardCount: number
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly emit: Emit
  /** Checks the layout in a reply; throws when it is another one: then nothing is claimed on this shard. */
  readonly onReply: (reply: ShardReply) => void
  readonly onCancelled: (runId: string) => void
  /** Called when Redis has another generation than before: the declarations of code have to be written again. */
  readonly onDataLoss: () => void
}

/** The work of one worker on one shard: its loop, its settlements and its maintenance. */
export class ShardWorker {
  readonly loop: Loop
  readonly settler: Settler
  readonly maintenance: Maintenance
  readonly store: WorkerStore
  readonly #runtime: ShardRuntime
  readonly #options: ShardWorkerOptions
  readonly #unserved: UnservedTasks
  /**
   * Whether a reply was received. Work that waits at the first reply is not reported: this worker is about to claim it.
   */
  #hasReply = false
  /** The size of the fleet and the rank of this worker. */
  #fleet = { size: 1, rank: 0 }
  /** The generation of the dataset; null before the first reply. */
  #generation: string | null = null
  /** Whether a definition watch reports edits. */
  #isWatched = false
  /** Whether the shard changed since the last poll. */
  #hasActivity = true
  /** Whether the last reply had the layout of this worker. */
  #isLayoutRight = true
  /** Whether the last poll elected this backup: no other worker polls the shard. */
  #isAlone = false
  /** When the clock was last read by a call of its own, on the monotonic clock, ms. */
  #clockReadAt = Number.NEGATIVE_INFINITY
  /** When the shard was last polled, on the monotonic clock, ms. */
  #polledAt: number
  /** When the poll in flight was sent, on the monotonic clock, ms; null for none. */
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

  /** Waiting time of the oldest unanswered request of this shard, ms; 0 for none. */
  get silentMs(): number {
    const now = this.#runtime.time.monotonic()
    return now - Math.min(this.loop.waitingSince ?? now, this.#pollingSince ?? now)
  }

  /**
   * Sends the heartbeat of the worker, on the first shard. Rejects when Redis does not answer or has another layout.
   */
  async beat(fields: Record<string, string>, checkedWith: string): Promise<HeartbeatReply> {
    const reply = await this.#ask(() => this.store.heartbeat(fields, checkedWith))
    this.#refreshClock()
    return reply
  }

  #refreshClock(): void {
    const { clock, time } = this.#runtime
    const { nextDueMs } = this.loop
    const nowMonotonic = time.monotonic()
    // A worker of a large fleet starts a run so seldom that the readings would cost more than the fires.
    if (this.#fleet.size > LARGE_FLEET) return
    if (nextDueMs === null || clock.until(nextDueMs) > CLOCK_AGE_MS || nowMonotonic - this.#clockReadAt < CLOCK_AGE_MS)
      return
    this.#clockReadAt = nowMonotonic
    // Without an answer the clock is less precise, and the next heartbeat reports the failure.
    this.store.readClock().catch(() => {})
  }

  /** Polls the shard if a poll is due, on the other shards. Rejects as {@link beat} does. */
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

  /** Polls the shard: reads its next due, and does its maintenance when elected. Rejects as {@link beat} does. */
  async poll(): Promise<void> {
    const { shard } = this.#options
    this.#polledAt = this.#runtime.time.monotonic()
    this.#hasActivity = false
    const reply = await this.#ask(() => this.store.pollShard())
    this.#hasActivity ||= reply.hasActivity
    const position = pollingPosition(shard, this.#fleet.size, this.#fleet.rank)
    this.#isAlone = position !== 0 && reply.isElected && reply.hasActivity
    // The message about parked work may be lost.
    if (reply.parkedQueueCount > 0) this.loop.requestTick()
  }

  /**
   * Samples the clock of the shard's server several times: the first calls are slow, and an imprecise clock makes every
   * start late. In a process that has just started even the fifth may be slow, so the first heartbeat takes another sample.
   */
  async setClock(): Promise<void> {
    for (let index = 0; index < CLOCK_READINGS; index += 1) await this.store.readClock()
  }

  onNextDue(dueMs: number | null, dueCount: number): void {
    this.#hasActivity = true
    this.loop.onNextDue(dueMs, dueCount)
  }

  /** Whether a message names another generation than the known one; a reply has to confirm it. */
  isOtherGeneration(generation: string): boolean {
    return this.#generation !== null && this.#generation !== generation
  }

  setFleet(size: number, rank: number): void {
    this.#fleet = { size, rank }
    this.loop.setFleet(size, rank)
  }

  setWatched(isWatched: boolean): void {
    // The watch reports no event from before its start, such as a flush, so one poll follows.
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

  /**
   * The longest sleep without a tick, ms. A poll also brings the next due, so frequent polls make idle ticks unneeded.
   */
  #longestSleep(fleetSize: number, rank: number): number {
    const { maxSleepMs, beatMs, shard } = this.#options
    if (maxSleepMs < beatMs) return maxSleepMs
    if (shard === 0) return maxSleepMs + beatMs / 4
    // The tender of the shard reads its next due in polls and announces it to the others.
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

  /** Only the tender of a shard reports its unserved tasks, so that the fleet reports each once. */
  #tellUnserved({ parkedQueueCount, nowMs }: ShardReply): void {
    const { size, rank } = this.#fleet
    const tends = pollingPosition(this.#options.shard, size, rank) === 0
    if (parkedQueueCount === 0) this.#unserved.forget()
    else if (this.#hasReply && tends) void this.#unserved.check(nowMs)
    this.#hasReply = true
  }

  #repair(keys: readonly string[]): void {
    const message = `another program overwrote ${keys.join(', ')} with a value of another type; the value was removed, and the schedules are added to the index again`
    this.#options.emit('error', { name: 'IndexError', message, context: 'index' })
    void this.maintenance.repairIndexes()
  }
}
