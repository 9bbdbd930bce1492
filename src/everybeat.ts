import { nameConnectionLoss } from './connection-loss.js'
import { BoundStores } from './control/bounded-store.js'
import { noteCallSite } from './control/check-definition.js'
import { Declarations } from './control/declarations.js'
import { diagnose, type Diagnosis } from './control/diagnose/diagnose.js'
import { readFleet, type WorkerView } from './control/fleet.js'
import { readFleetFigures, type FleetFigures } from './control/fleet-figures.js'
import type { ScheduleContext } from './control/schedule-context.js'
import { Schedules } from './control/schedules.js'
import { readSyncInput, type SyncInput } from './control/sync-input.js'
import type { SyncOptions, SyncResult } from './control/sync.js'
import { EverybeatError } from './errors.js'
import { parseStopTimeout, type StopOptions } from './options/stop-options.js'
import { toErrorData, type Emit } from './events/events.js'
import { describeHealth, type Health } from './worker/health.js'
import { IsolatedEmitter } from './events/isolated-emitter.js'
import { Instance } from './worker-runtime.js'
import { createLineWriter, logEvents, type WriteLine } from './events/log-events.js'
import { announceMemory } from './options/memory-source.js'
import { resolveOptions, type EverybeatOptions, type ResolvedOptions } from './options/options.js'
import { InstanceConnection } from './redis/connection/instance-connection.js'
import { reshardFleet, type ReshardOptions, type ReshardResult } from './redis/reshard/reshard.js'
import type { DefinitionInput } from './schedule/definition.js'
import type { AnyTasks } from './schedule/exact-definition.js'
import type { TaskOptions } from './options/task-options.js'
import type { RegisterTask, TaskHandle } from './task-handle.js'
import { endsWithin, timeSourceOf, type TimeSource } from './time-source.js'
import type { ScheduleStore } from './control/store.js'
import { SampledRedisClock } from './worker/loop/redis-clock.js'
import type { RedisClock } from './worker/store.js'
import { describeStart } from './worker/describe-start.js'
import { describeOneOff } from './worker/run/one-off.js'
import { TaskRegistry } from './worker/run/task-registry.js'
import type { Handler } from './worker/run/task.js'

/** Longest wait of `stop()` for the end of a start that it interrupts, ms. */
const BREAK_OFF_MS = 3_000

/**
 * A scheduler inside each worker of a fleet. Without `start()` it is a control client: it reads and edits schedules and
 * runs nothing.
 *
 * @typeParam Tasks the tasks of the fleet and their payloads, such as `{ 'send-report': { to: string } }`: then only these
 *   compile, also on an instance that registers none of them and only edits schedules
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an option that is wrong
 */
export class Everybeat<Tasks extends object = AnyTasks> extends IsolatedEmitter {
  /** Reads and edits the schedules of the fleet. */
  readonly schedules: Schedules<Tasks>

  readonly #options: ResolvedOptions
  readonly #tasks: TaskRegistry
  readonly #declarations: Declarations
  readonly #time: TimeSource
  readonly #writeLine: WriteLine
  readonly #clock: RedisClock
  readonly #connection: InstanceConnection
  /** The store of each connection, with calls that end within `connectTimeoutMs`. */
  readonly #boundStores: BoundStores
  /** The worker and its connections; null while this instance is a control client. */
  #instance: Instance | null = null
  /** The state of the instance, from before the start to after the stop. */
  #state: 'idle' | 'starting' | 'running' | 'stopped' = 'idle'
  #isPaused = false
  /** The start that is in progress, or the last one. */
  #starting: Promise<void> | null = null
  /** The stop, once it is requested. */
  #stopping: Promise<void> | null = null

  constructor(options: EverybeatOptions = {}) {
    super()
    this.#options = resolveOptions(options, process.env)
    this.#tasks = new TaskRegistry(this.#options.shards)
    this.#time = timeSourceOf(options)
    this.#clock = new SampledRedisClock(this.#time.monotonic, this.#time.wall)
    this.#boundStores = new BoundStores(this.#options.connectTimeoutMs, this.#time)
    this.#writeLine = createLineWriter(this.#options.logger)
    logEvents(this, this.#writeLine)
    announceMemory(this.#options)
    const context: ScheduleContext = {
      defaults: this.#options.defaults as Partial<DefinitionInput>,
      editor: { by: this.#options.actor, via: 'api' },
      version: this.#options.version,
      emit: this.#emit,
      store: () => this.#store(),
      watch: (listener) => this.#connection.watch(listener),
      checkPayload: (name, payload) => this.#tasks.checkPayload(name, payload),
    }
    this.schedules = new Schedules<Tasks>(context)
    this.#declarations = new Declarations(context, this.schedules as unknown as Schedules)
    this.#connection = new InstanceConnection({
      options: this.#options,
      time: this.#time,
      clock: this.#clock,
      emit: this.#emit,
      onRestored: () => this.#instance?.worker.onReconnected(),
      onSlow: (address) => this.#writeLine('warn', `waiting for Redis at ${address}`, { address }),
    })
    if (this.#options.redis.kind === 'client') this.#connection.open()
  }

  /**
   * Registers the handler of a task. A worker claims only occurrences of tasks that it has registered.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` or `ERR_EVERYBEAT_OPTIONS`, also for a task that is registered already
   */
  readonly task = ((name: string, optionsOrHandler: TaskOptions | Handler, maybeHandler?: Handler) =>
    this.#register(name, optionsOrHandler, maybeHandler)) as RegisterTask<Tasks>

  /** The names of the registered tasks, in the order of their registration. */
  get registeredTasks(): string[] {
    return [...this.#tasks.tasks.keys()]
  }

  #register(name: string, optionsOrHandler: TaskOptions | Handler, maybeHandler?: Handler): TaskHandle {
    const isHandler = typeof optionsOrHandler === 'function'
    this.#tasks.register(name, isHandler ? {} : optionsOrHandler, isHandler ? optionsOrHandler : maybeHandler)
    this.#instance?.worker.requestTick()
    const schedule: TaskHandle['schedule'] = (scheduleName, definition) => {
      const site = noteCallSite(schedule)
      return this.#declarations.declare(scheduleName, { ...(definition as DefinitionInput), task: name }, site)
    }
    return {
      name,
      schedule,
      run: (payload) => this.#runOnce(name, payload),
    }
  }

  /**
   * Declares the schedules of an owner. Resolves with the changes that the declaration made, or with `dryRun` would
   * make. Fields that differ from the last declaration are written; live edits of the other fields stay.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a refused option, another code such as
   *   `ERR_EVERYBEAT_DEFINITION` for a refused definition; then nothing is written
   */
  async sync(definitions: SyncInput<Tasks>, options: SyncOptions): Promise<SyncResult> {
    return await this.#declarations.sync(readSyncInput(definitions), options, noteCallSite(this.sync))
  }

  /**
   * Joins the fleet and begins to claim.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis is not reachable within `connectTimeoutMs`,
   *   `ERR_EVERYBEAT_LAYOUT` when the keys belong to another layout, `ERR_EVERYBEAT_STATE` when started or stopped before
   */
  async start(): Promise<void> {
    if (this.#state !== 'idle') {
      const advice = this.#state === 'stopped' ? '; make a new one' : ''
      throw new EverybeatError('ERR_EVERYBEAT_STATE', `start: this instance is ${this.#state} already${advice}`)
    }
    this.#state = 'starting'
    this.#starting = this.#start()
    await this.#starting
  }

  async #start(): Promise<void> {
    try {
      const link = await this.#connection.ready()
      this.#refuseIfStopped()
      this.#instance = new Instance({
        options: this.#options,
        link,
        clock: this.#clock,
        tasks: this.#tasks.tasks,
        emit: this.#emit,
        time: this.#time,
        writeLine: this.#writeLine,
        onDataLoss: () => void this.#declarations.restore(),
        onAnswer: () => this.#declarations.restoreRest(),
      })
      this.#instance.worker.setPaused(this.#isPaused)
      await this.#instance.start()
      this.#refuseIfStopped()
      this.#state = 'running'
      this.#writeLine('info', ...describeStart(this.#instance.worker, this.#options.pool, this.#tasks.tasks))
    } catch (error) {
      await this.#undoStart()
      // If `stop()` closed the connection during the start, report the stop, not the error that it caused.
      this.#refuseIfStopped()
      throw nameConnectionLoss(error, 'start')
    }
  }

  /** Closes everything that a failed start has opened, so that the instance can be started again. */
  async #undoStart(): Promise<void> {
    await this.#instance?.stop(0).catch(() => {})
    await this.#connection.close()
    if (!this.#stopping) [this.#instance, this.#state] = [null, 'idle']
  }

  /** Claims nothing until `resume()`, also when called before `start()`; the worker stays live, its runs continue. */
  pause(): void {
    this.#isPaused = true
    this.#instance?.worker.setPaused(true)
  }

  /** Starts claiming again after `pause()`, at once if an occurrence is due. */
  resume(): void {
    this.#isPaused = false
    this.#instance?.worker.setPaused(false)
  }

  /**
   * Stops claiming, gives the runs `timeoutMs` to end (default 30 000; Infinity waits for all), aborts the runs that
   * are left, leaves the fleet, and closes the connections that Everybeat opened. Always ends, also without Redis. A
   * second call waits for the first.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a time-out that is no number of milliseconds; nothing else
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const timeoutMs = parseStopTimeout(options)
    await (this.#stopping ??= this.#stop(timeoutMs))
  }

  /** Stops the instance, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** The live workers of the fleet, by id. @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis does not answer */
  async fleet(): Promise<WorkerView[]> {
    return await readFleet(await this.#store())
  }

  /**
   * Counts schedules by state, due schedules, waiting runs and live workers, from indexes alone.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis does not answer
   */
  async figures(): Promise<FleetFigures> {
    return await readFleetFigures(await this.#store())
  }

  /**
   * Checks the server, the fleet and its schedules, and reports each problem with a remedy. Changes nothing.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis does not answer
   */
  async diagnose(): Promise<Diagnosis> {
    return await diagnose(await this.#storeOfAnyLayout(), () => this.#clock.skewMs())
  }

  /** Whether this worker can do its work, and else why not. Sends nothing to Redis: a probe may call it at any rate. */
  health(): Health {
    return describeHealth(this.#state, this.#instance?.health ?? null, this.#clock.skewMs(), this.#time.monotonic())
  }

  /**
   * Moves the fleet's schedules to another number of shards; all workers must be stopped. From then on instances with
   * the old number, this one too, are refused. Another call continues one that was interrupted.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_STATE` while workers are live, `ERR_EVERYBEAT_LAYOUT` during another change
   */
  async reshard(shards: number, options: ReshardOptions = {}): Promise<ReshardResult> {
    this.#refuseIfStopped('this instance is stopped; make a new one')
    return await reshardFleet((await this.#connection.ready()).connection.client, this.#options.prefix, shards, options)
  }

  readonly #emit: Emit = (name, event, thrown) => this.send(name, event, thrown)
  async #storeOfAnyLayout(): Promise<ScheduleStore> {
    this.#refuseIfStopped('this instance is stopped; make a new one')
    return this.#boundStores.of(await this.#connection.storeOfAnyLayout())
  }
  async #store(): Promise<ScheduleStore> {
    this.#refuseIfStopped('this instance is stopped; make a new one')
    return this.#boundStores.of(await this.#connection.store())
  }

  async #runOnce(task: string, payload: unknown): Promise<{ runId: string; schedule: string }> {
    const store = await this.#store()
    const at = await store.now()
    const { pool } = this.#options
    const { name, definition } = describeOneOff({ task, pool, atMs: at, random: this.#time.random() })
    const schedules = this.schedules as unknown as Schedules
    await schedules.put(name, payload === undefined ? definition : { ...definition, payload })
    return { runId: `${name}@${at}`, schedule: name }
  }

  #refuseIfStopped(message = 'start: this instance was stopped before its start ended'): void {
    if (this.#stopping) throw new EverybeatError('ERR_EVERYBEAT_STATE', message)
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#state === 'starting') {
      // A start in progress is interrupted and awaited, so that none of its connections stays open. The worker leaves
      // the fleet over the connection, which therefore closes last.
      await this.#instance?.stop(0).catch(() => {})
      await this.#connection.close()
      await endsWithin(this.#time, BREAK_OFF_MS, this.#starting?.catch(() => {}) ?? Promise.resolve(), true)
    }
    this.#state = 'stopped'
    try {
      await this.#instance?.stop(timeoutMs)
    } catch (error) {
      this.#emit('error', { ...toErrorData(error), context: 'stop' })
    }
    await this.#connection.close()
  }
}
