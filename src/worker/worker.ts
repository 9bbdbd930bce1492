import { endsWithin } from '../time-source.js'
import { Heartbeat } from './heartbeat.js'
import { EditBatcher } from './maintenance/edit-batcher.js'
import { NameBatcher } from './maintenance/name-batcher.js'
import { PlanCheck } from './maintenance/plan-check.js'
import { PlanningPace } from './maintenance/planning-pace.js'
import type { AbortKind } from './run/active-run.js'
import { GIVE_UP_MS } from './run/call-handler.js'
import type { WorkerRuntime } from './shard-runtime.js'
import { ShardWorker } from './shard-worker.js'
import { createWorkerRuntime, type WorkerOptions } from './worker-options.js'
import type { DefinitionListener, FleetListener } from './listeners.js'
import type { WorkerStore } from './store.js'

/** Number of workers, the first in the order of joining, with a definition watch; more than one, in case one dies. */
const WATCHERS = 2
/** Delay from one rank to the next before a claim of parked work, ms. */
const PARKED_STEP_MS = 2
/** Rank above which this delay does not grow. */
const MAX_PARKED_RANK = 50

/** One started instance: it ticks on every shard, executes runs, sends heartbeats, and does its part of maintenance. */
export class Worker implements FleetListener, DefinitionListener {
  readonly id: string
  readonly #options: WorkerOptions
  readonly #runtime: WorkerRuntime
  readonly #shards: readonly ShardWorker[]
  /** The first shard, the only one with heartbeats: on each shard they would cost that many times as much. */
  readonly #home: ShardWorker
  readonly #heartbeat: Heartbeat
  readonly #planCheck: PlanCheck
  /** Shards with parked work, by task; only of tasks whose `concurrency` is bounded on this worker. */
  readonly #parkedShards = new Map<string, Set<number>>()
  /** Names of written schedules whose plans this worker checks as the tz authority. */
  readonly #writtenNames: NameBatcher
  /** Names of schedules that workers with older time-zone data ask this worker to plan. */
  readonly #requestedNames: NameBatcher
  /** Edits that the definition watch reports. */
  readonly #edits: EditBatcher
  #isStopped = false
  /** Whether this worker has the definition watch. */
  #isWatcher = false
  #isWatching = false
  /** This worker's place in the order of joining, from 0. */
  #rank = 0
  /** Number of workers of the fleet, from the last heartbeat. */
  #fleetSize = 1

  constructor(options: WorkerOptions, stores: readonly WorkerStore[]) {
    const { time, emit, beatMs } = options
    this.id = options.id
    this.#options = options
    this.#runtime = createWorkerRuntime(options, {
      shardCount: stores.length,
      parkedShards: this.#parkedShards,
      onRoom: (task) => this.#onRoom(task),
      isStopping: () => this.#isStopped,
    })
    const pace = new PlanningPace(time)
    this.#shards = stores.map((store, shard) => this.#createShard(store, shard, stores.length, pace))
    this.#home = this.#shards[0]!
    this.#planCheck = new PlanCheck(this.#runtime, () => this.#shards.map(({ maintenance }) => maintenance))
    this.#heartbeat = new Heartbeat({
      time,
      emit,
      beatMs,
      beat: () => this.#beat(),
      polls: () => this.#shards.slice(1).map((shard) => shard.pollIfDue()),
      onWrongLayout: () => this.#shards.forEach((shard) => shard.pause()),
    })
    this.#writtenNames = new NameBatcher(time, (shard, names) => this.#maintain(shard, 'checkPlans', names))
    this.#requestedNames = new NameBatcher(time, (shard, names) => this.#maintain(shard, 'plan', names))
    this.#edits = new EditBatcher(time, (shard, names) => this.#maintain(shard, 'inspect', names))
  }

  /** Number of active runs. */
  get runCount(): number {
    return this.#runtime.runs.size
  }
  /** Number of free slots; 0 while it is paused. */
  get slotsFree(): number {
    return this.#runtime.slots.left
  }

  /** When Redis last answered, on the monotonic clock, ms. */
  get lastContactAt(): number {
    return Math.max(...this.#shards.map(({ loop }) => loop.lastContactAt))
  }

  /** Waiting time of the oldest unanswered request of each shard, ms; 0 for none. */
  get silentMs(): readonly number[] {
    return this.#shards.map(({ silentMs }) => silentMs)
  }

  /** Whether the definition watch of this worker reports edits. */
  get isWatching(): boolean {
    return this.#isWatching
  }

  /** Number of workers of the fleet, from the last heartbeat or message. */
  get fleetSize(): number {
    return this.#fleetSize
  }

  /** When the next occurrence is due, epoch ms; null when none is planned. */
  get nextDueMs(): number | null {
    const due = this.#shards.flatMap(({ loop }) => loop.nextDueMs ?? [])
    return due.length === 0 ? null : Math.min(...due)
  }

  /** Joins the fleet. @throws the error of the first heartbeat */
  async start(): Promise<void> {
    await Promise.all([this.#beat(), ...this.#shards.slice(1).map((shard) => shard.poll())])
    await Promise.all(this.#shards.map((shard) => shard.setClock()))
    if (this.#isStopped) return
    this.#heartbeat.start()
    for (const { loop } of this.#shards) loop.start()
  }

  /**
   * Stops claiming, waits for the runs, aborts them after the time-out, and leaves the fleet. Takes at most the
   * time-out and some seconds, also without Redis.
   */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    const { time, beatMs, describe } = this.#options
    this.#heartbeat.stop()
    for (const batcher of [this.#edits, this.#writtenNames, this.#requestedNames]) batcher.stop()
    for (const { maintenance } of this.#shards) maintenance.stop()
    // A claim in flight is answered soon, unless Redis is lost: then its runs wait for the end of their leases.
    await endsWithin(time, GIVE_UP_MS, Promise.all(this.#shards.map(({ loop }) => loop.stop())))
    // While its runs end, the worker still sends heartbeats.
    const beats = time.setInterval(() => {
      this.#heartbeat.send(this.#home.store.heartbeat(describe())).catch(() => {})
    }, beatMs)
    await this.#drain(timeoutMs)
    time.clearInterval(beats)
    await Promise.all(this.#shards.map(({ settler }) => settler.stop(GIVE_UP_MS)))
    this.#runtime.leases.stop()
    const left = this.#heartbeat
      .whenAnswered(GIVE_UP_MS)
      .then(() => this.#home.store.leave())
      .catch(() => {})
    await endsWithin(time, GIVE_UP_MS, left)
  }

  /** Claims nothing while paused; runs continue. */
  setPaused(isPaused: boolean): void {
    this.#runtime.slots.setPaused(isPaused)
  }

  /** Ticks on every shard once a slot is free. */
  requestTick(): void {
    for (const { loop } of this.#shards) loop.requestTick()
  }

  /** The connection is restored: asks Redis at once for changes in the meantime. */
  onReconnected(): void {
    this.#heartbeat.beatNow()
  }

  onNextDue(shard: number, dueMs: number | null, dueCount: number): void {
    this.#shards[shard]?.onNextDue(dueMs, dueCount)
  }

  onParked(shard: number, pool: string, task: string): void {
    const known = pool === this.#options.pool ? this.#options.tasks.get(task) : undefined
    if (!known) return
    // The message may arrive before the reply to this worker's claim that filled the task.
    if (known.concurrency !== null) {
      this.#parkedShards.set(task, (this.#parkedShards.get(task) ?? new Set()).add(shard))
    }
    this.#shards[shard]?.loop.requestTick(this.#parkedDelayMs())
  }

  onChanged(shard: number, schedules: readonly string[]): void {
    // Announcements explain reported writes, and a worker without the watch has no reports.
    if (this.#isWatcher) this.#edits.onAnnounced(shard, schedules)
    for (const schedule of schedules) {
      this.#runtime.definitions.forget(schedule)
      if (this.#runtime.tzAuthority.checksWrites) this.#writtenNames.add(shard, schedule)
      this.#options.emit('schedule:changed', { schedule })
    }
  }

  onCancel(workerId: string, kind: string, runId: string): void {
    if (workerId === this.id) this.#abort(runId, kind === 'replaced' ? 'replaced' : 'cancelled')
  }

  onPlanRequest(shard: number, workerId: string, schedule: string): void {
    if (workerId === this.id) this.#requestedNames.add(shard, schedule)
  }

  onJoined(workerId: string, size: number): void {
    // A new worker has the last rank, so the others do not change. A heartbeat may have brought the new size already.
    if (workerId !== this.id && size > this.#fleetSize) this.#setFleet(size, this.#rank)
    this.#options.emit('worker:joined', { worker: workerId })
  }

  onLeft(workerId: string): void {
    this.#options.emit('worker:left', { worker: workerId })
  }

  /** Pub/sub has no databases, so the message may be of another fleet: only a reply tells the generation. */
  onGeneration(shard: number, generation: string): void {
    if (this.#shards[shard]?.isOtherGeneration(generation)) this.#confirmGeneration()
  }

  onLayout(): void {
    this.#heartbeat.beatNow()
  }

  onUnknown(shard: number): void {
    this.#shards[shard]?.loop.requestTick()
  }

  onSubscribed(): void {
    this.requestTick()
  }

  onDefinition(shard: number, schedule: string): void {
    this.#edits.onWritten(shard, schedule)
  }

  /** The flush may be of another database: a reply tells the generation. */
  onFlush(): void {
    this.#confirmGeneration()
  }

  onWatching(isWatching: boolean): void {
    this.#isWatching = isWatching && this.#isWatcher
    for (const shard of this.#shards) shard.setWatched(this.#isWatching)
  }

  #createShard(store: WorkerStore, shard: number, shardCount: number, pace: PlanningPace): ShardWorker {
    const { maxSleepMs, beatMs, emit, onReply, onDataLoss } = this.#options
    const taskQueues = this.#options.taskQueues(shard)
    const onCancelled = (runId: string) => this.#abort(runId, 'cancelled')
    const place = { runtime: this.#runtime, store, pace, shard, shardCount }
    return new ShardWorker({ ...place, taskQueues, maxSleepMs, beatMs, emit, onReply, onCancelled, onDataLoss })
  }

  async #beat(): Promise<void> {
    const { tzAuthority } = this.#runtime
    const { checkedWith } = tzAuthority
    const reply = await this.#heartbeat.send(this.#home.beat(this.#options.describe(), checkedWith))
    for (const shard of this.#shards) shard.resume()
    tzAuthority.onRecorded(checkedWith)
    this.#setFleet(reply.fleetSize, reply.rank)
    // The message about parked work may be lost.
    if (reply.parkedQueueCount > 0) this.#home.loop.requestTick(this.#parkedDelayMs())
    const isWatcher = reply.rank < WATCHERS
    if (this.#isWatcher !== isWatcher) {
      this.#isWatcher = isWatcher
      this.#options.onWatchDuty(isWatcher)
      if (!isWatcher) this.onWatching(false)
    }
    if (!this.#isStopped) this.#planCheck.onZoneData(reply.zoneData)
  }

  #onRoom(task: string): void {
    for (const shard of this.#parkedShards.get(task) ?? []) this.#shards[shard]?.loop.requestTick()
  }

  #setFleet(size: number, rank: number): void {
    this.#fleetSize = size
    this.#rank = rank
    for (const shard of this.#shards) shard.setFleet(size, rank)
  }

  #parkedDelayMs(): number {
    return Math.min(this.#rank, MAX_PARKED_RANK) * PARKED_STEP_MS
  }

  #confirmGeneration(): void {
    this.#heartbeat.beatNow()
    for (const shard of this.#shards.slice(1)) shard.poll().catch(() => {})
  }

  #maintain(shard: number, work: 'checkPlans' | 'plan' | 'inspect', names: readonly string[]): Promise<void> {
    return this.#shards[shard]?.maintenance[work](names) ?? Promise.resolve()
  }

  #abort(runId: string, kind: AbortKind): void {
    const why = kind === 'replaced' ? 'a newer occurrence replaces it' : 'it was cancelled'
    this.#runtime.runs.get(runId)?.abort(kind, `run ${runId} is stopped: ${why}`)
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { slots, runs } = this.#runtime
    const { time } = this.#options
    if (await endsWithin(time, timeoutMs, slots.whenIdle(), true)) return
    const message = `the worker stops, and the run did not end within ${timeoutMs} ms`
    for (const run of runs.values()) run.abort('shutdown', message)
    // Each aborted run ends after GIVE_UP_MS at the latest, but for one that waits for a lost Redis.
    await endsWithin(time, 2 * GIVE_UP_MS, slots.whenIdle())
  }
}
