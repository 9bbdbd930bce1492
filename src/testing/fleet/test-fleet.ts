import type { Redis } from 'ioredis'
import { EverybeatError } from '../../errors.js'
import {
  Everybeat,
  parseDuration,
  type Duration,
  type EverybeatOptions,
  type HistoryEntry,
  type Instant,
  type Schedules,
} from '../../index.js'
import type { MemoryStore } from '../../memory/index.js'
import { resolveFleetOptions, readInstant, type ResolvedFleetOptions, type TestFleetOptions } from './fleet-options.js'
import { Handlers } from './handlers.js'
import { IdleTime } from './idle-time.js'
import type { Network } from './network.js'
import { fireOnce } from './fire.js'
import { RunRecords, type RunFilter, type RunRecord } from './run-records.js'
import { Stepper } from './stepper.js'
import { createSurroundings, type Surroundings } from './surroundings.js'
import { FLEET_SETTINGS, openTestClient } from './test-client.js'
import { TestWorker } from './test-worker.js'
import { Turns } from './turns.js'
import { SLEEP, type VirtualTime } from './virtual-time.js'

/** The key under which the options of an instance carry its clocks, timers and random numbers. */
const TIME_SOURCE = Symbol.for('everybeat.time-source')
const CONTROL = 'control'
/** Longest time without a tick of an idle worker, virtual ms: heartbeats suffice for an idle fleet. */
const REST_MS = 36_525 * 86_400_000

/**
 * A fleet of real workers in this process, on virtual time and a store in memory: the clock moves only by calls, from
 * event to event, without waits and without races. No Redis is needed.
 */
export class TestFleet implements AsyncDisposable {
  /** The same seed gives the same history. */
  readonly seed: number
  /** Reads and edits the schedules of the fleet; each call ends when the workers have processed it. */
  readonly schedules: Schedules

  readonly #options: ResolvedFleetOptions
  readonly #time: VirtualTime
  readonly #store: MemoryStore
  readonly #network: Network
  readonly #records = new RunRecords(() => this.now)
  readonly #handlers = new Handlers(this.#records, () => this.now)
  readonly #stepper: Stepper
  readonly #turns: Turns
  readonly #control: Everybeat
  readonly #clients: Redis[] = []
  /** The workers that were not killed, with their ids. */
  readonly #workers = new Map<TestWorker, string>()
  readonly #frozen = new Set<TestWorker>()
  /** Number of workers so far, from which each gets its name. */
  #workerCount = 0

  /**
   * @param surroundings the environment of the fleet, for a caller that also controls it directly; by default a new one
   */
  constructor(options: TestFleetOptions = {}, surroundings?: Surroundings) {
    this.#options = resolveFleetOptions(options)
    const { everybeat } = this.#options
    this.seed = this.#options.seed
    const { time, store, network } = surroundings ?? createSurroundings(this.#options)
    this.#time = time
    this.#store = store
    this.#network = network
    this.#stepper = new Stepper({
      store: this.#store,
      time: this.#time,
      network: this.#network,
      handlers: this.#handlers,
      idle: new IdleTime(this.#store, this.#prefix, everybeat.shards ?? 1),
      alive: () => this.#alive(),
    })
    this.#turns = new Turns(this.#stepper, this.#handlers, this.#time)
    this.#control = new Everybeat(this.#optionsFor(CONTROL))
    this.schedules = this.#turns.driven(this.#control.schedules)
  }

  get #prefix(): string {
    return this.#options.everybeat.prefix ?? 'everybeat'
  }

  #optionsFor(host: string, own: Omit<EverybeatOptions, 'redis'> = {}): EverybeatOptions {
    const redis = { ...FLEET_SETTINGS, Connector: this.#network.connectorFor(host) as never }
    const source = { [TIME_SOURCE]: this.#time.sourceFor(host) }
    return {
      logger: false,
      maxSleepMs: REST_MS,
      ...this.#options.everybeat,
      ...own,
      ...source,
      redis,
    } as EverybeatOptions
  }

  /** The instant of the clock of the fleet. */
  get now(): Date {
    return new Date(this.#time.nowMs)
  }

  /**
   * Adds a worker and starts it: a real `Everybeat`.
   *
   * @param setup registers the tasks of the worker, and may declare schedules
   * @param options options of this worker, beside those of all workers
   */
  async worker(
    setup: (beat: Everybeat) => unknown = () => {},
    options: Omit<EverybeatOptions, 'redis'> = {},
  ): Promise<Everybeat> {
    return await this.#turns.drive(async () => {
      const name = `worker-${(this.#workerCount += 1)}`
      const drive = <Value>(work: () => Promise<Value>) => this.#turns.drive(work)
      const beat = new TestWorker(name, this.#optionsFor(name, options), this.#handlers, drive)
      this.#records.follow(beat)
      await setup(beat)
      // Killed workers stay listed for a while.
      const known = new Set(this.#memberIds())
      await beat.start()
      this.#workers.set(beat, this.#memberIds().find((id) => !known.has(id)) ?? '')
      return beat
    })
  }

  #memberIds(): string[] {
    const tag = (this.#options.everybeat.shards ?? 1) === 1 ? `{${this.#prefix}}` : `{${this.#prefix}:0}`
    return (
      this.#store
        .database(0)
        .read(`${tag}:workers`, 'zset')
        ?.sorted.order.map(({ member }) => member) ?? []
    )
  }

  /** The ids of the workers while all are connected and none is frozen. */
  #alive(): ReadonlySet<string> | null {
    const isWhole =
      this.#frozen.size === 0 && [...this.#workers.keys()].every(({ name }) => this.#network.isReached(name))
    return isWhole ? new Set(this.#workers.values()) : null
  }

  /** Declares the schedules of an owner, as `beat.sync` does. */
  sync: Everybeat['sync'] = (definitions, options) => this.#turns.drive(() => this.#control.sync(definitions, options))

  /** Moves the clock by a duration; gives the runs that started in it, in order. */
  async advance(duration: Duration): Promise<RunRecord[]> {
    return await this.advanceTo(this.#time.nowMs + parseDuration(duration, 'duration'))
  }

  /**
   * Moves the clock to an instant; all events up to it have happened then. Gives the runs that started in it, in order.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_INSTANT` for the past, `ERR_EVERYBEAT_STATE` from inside a handler, and when a
   *   handler does not settle within 5 s of real time
   */
  async advanceTo(instant: Instant): Promise<RunRecord[]> {
    const atMs = readInstant(instant, 'instant')
    if (this.#handlers.isInside) throw wrongState('advance: a handler cannot move the clock; it awaits fleet.sleep(…)')
    return await this.#turns.take(async () => {
      if (atMs < this.#time.nowMs) {
        const message = `instant: ${new Date(atMs).toISOString()} is in the past of this fleet, which is at ${this.now.toISOString()}; its clock only moves forward`
        throw new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field: 'instant', value: instant })
      }
      await this.#stepper.moveTo(atMs)
      return this.#records.takeNew()
    })
  }

  /** The starts so far, in order; those of one schedule, task or outcome. */
  runs(filter: RunFilter = {}): RunRecord[] {
    return this.#records.select(filter)
  }

  /** The history of a schedule, newest first. */
  async history(name: string): Promise<HistoryEntry[]> {
    return await this.schedules.history(name, { limit: 1_000 })
  }

  /**
   * Runs a schedule once, now, with retries at once. Resolves with the end of the run.
   *
   * @param options `payload` instead of the one of the definition
   * @throws EverybeatError `ERR_EVERYBEAT_STATE` when no worker has its task, or the schedule does not exist
   */
  async fire(name: string, options: { payload?: unknown } = {}): Promise<RunRecord> {
    return await this.#turns.take(async () => {
      const tasks = new Set([...this.#workers.keys()].flatMap(({ taskNames }) => [...taskNames]))
      const [stepper, store, time, records] = [this.#stepper, this.#store, this.#time, this.#records] as const
      const { schedules } = this.#control
      return await fireOnce({ stepper, store, time, records, schedules, tasks, prefix: this.#prefix }, name, options)
    })
  }

  /** Waits in virtual time; for handlers that take time. */
  async sleep(duration: Duration): Promise<void> {
    this.#turns.refuseIfOver()
    const durationMs = parseDuration(duration, 'duration')
    await this.#handlers.sleep((worker) => {
      return new Promise((resolve) => void this.#time.add(worker ?? `${SLEEP}test`, durationMs, resolve))
    })
  }

  /** Ends a worker as SIGKILL would: its connections are cut, and its runs stop. */
  async kill(worker: Everybeat): Promise<void> {
    await this.#turns.take(async () => {
      const beat = this.#find(worker)
      const id = this.#workers.get(beat)!
      this.#end(beat)
      this.#records.loseAll(id)
      await this.#turns.settle()
    })
  }

  #end(beat: TestWorker): void {
    this.#workers.delete(beat)
    this.#frozen.delete(beat)
    beat.removeAllListeners()
    this.#time.kill(beat.name)
    this.#handlers.forget(beat.name)
    this.#network.kill(beat.name)
  }

  /** Halts a worker as SIGSTOP would: it does and receives nothing until it is thawed. */
  async freeze(worker: Everybeat): Promise<void> {
    await this.#setFrozen(this.#find(worker), true)
  }

  /** Lets a frozen worker continue. */
  async thaw(worker: Everybeat): Promise<void> {
    await this.#setFrozen(this.#find(worker), false)
  }

  async #setFrozen(beat: TestWorker, isFrozen: boolean): Promise<void> {
    await this.#turns.take(async () => {
      if (isFrozen) this.#frozen.add(beat)
      else this.#frozen.delete(beat)
      this.#time.setFrozen(beat.name, isFrozen)
      this.#handlers.setFrozen(beat.name, isFrozen)
      this.#network.setFrozen(beat.name, isFrozen)
      await this.#turns.settle()
    })
  }

  /** Cuts a worker, by default each, off from the store. */
  async disconnect(worker?: Everybeat): Promise<void> {
    await this.#setCut(worker, true)
  }

  /** Connects a worker, by default each, to the store again. */
  async reconnect(worker?: Everybeat): Promise<void> {
    await this.#setCut(worker, false)
  }

  async #setCut(worker: Everybeat | undefined, isCut: boolean): Promise<void> {
    await this.#turns.take(async () => {
      const chosen = worker ? [this.#find(worker)] : [...this.#workers.keys()]
      for (const { name } of chosen) this.#network.setCut(name, isCut)
      await this.#turns.settle()
    })
  }

  /** Empties the store, as FLUSHALL does. */
  async flush(): Promise<void> {
    await this.#turns.take(async () => {
      this.#store.flush('all')
      await this.#turns.settle()
    })
  }

  /** A client of ioredis on the same store; it is closed with the fleet. */
  client(): Redis {
    this.#turns.refuseIfOver()
    const client = openTestClient(this.#network.connectorFor(`client-${this.#clients.length + 1}`))
    this.#clients.push(client)
    return client
  }

  #find(worker: Everybeat): TestWorker {
    const found = [...this.#workers.keys()].find((beat) => beat === worker)
    if (!found) throw wrongState('this worker is not of this fleet, or was killed')
    return found
  }

  /** Ends all workers and clients at once; the fleet cannot be used any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.end()
    for (const beat of [...this.#workers.keys()]) this.#end(beat)
    for (const client of this.#clients.splice(0)) client.disconnect()
    this.#network.kill(CONTROL)
    this.#handlers.end()
  }
}

function wrongState(message: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_STATE', message)
}
