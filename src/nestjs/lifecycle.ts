import { EverybeatError, type Everybeat, type TaskHandle } from '../index.js'
import { discover, type FoundTask, type FoundTimeout, type NestParts } from './discovery.js'
import { Logger, type ModulesContainer } from './nest.js'
import { splitOptions, type EverybeatModuleOptions } from './options.js'

/** Runs an instance with the application: tasks when modules are ready, start on bootstrap, drain on shutdown. */
export class EverybeatLifecycle {
  readonly #beat: Everybeat
  readonly #parts: NestParts
  readonly #modules: ModulesContainer
  readonly #schedules: 'nest' | 'own' | undefined
  readonly #stopTimeoutMs: number
  readonly #logger = new Logger('Everybeat')
  /** The declared tasks of the decorators, each with its handle. */
  readonly #declared: { found: FoundTask; handle: TaskHandle }[] = []
  /** The methods that run once, some time after the start. */
  #timeouts: FoundTimeout[] = []
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(beat: Everybeat, options: EverybeatModuleOptions, parts: NestParts, modules: ModulesContainer) {
    const { schedules, stopTimeoutMs } = splitOptions(options)
    this.#beat = beat
    this.#parts = parts
    this.#modules = modules
    this.#schedules = schedules
    this.#stopTimeoutMs = stopTimeoutMs
  }

  /** Nest calls it when all providers are made: registers the tasks. */
  onModuleInit(): void {
    if (this.#schedules !== 'own') this.#refuseSecondScheduler()
    const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const { tasks, timeouts } = discover(this.#parts, this.#schedules === 'nest', localZone)
    this.#timeouts = timeouts
    const places = new Map<string, string>()
    for (const found of tasks) {
      for (const name of new Set([found.task, ...found.schedules.map((schedule) => schedule.name)])) {
        const other = places.get(name)
        if (other !== undefined) throw refuseTwice(name, other, found.where)
        places.set(name, found.where)
      }
      this.#declared.push({ found, handle: this.#beat.task(found.task, found.options, found.handler) })
    }
  }

  /** Nest calls it when all modules are ready: declares the schedules and joins the fleet. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { found, handle } of this.#declared) {
      for (const { name, definition } of found.schedules) await handle.schedule(name, definition)
    }
    await this.#beat.start()
    for (const { where, ms, call } of this.#timeouts) this.#callLater(where, ms, call)
    if (process.listenerCount('SIGTERM') === 0) {
      this.#logger.warn('SIGTERM ends this process without waiting for its runs: call app.enableShutdownHooks()')
    }
  }

  /** Nest calls it before connections are closed: stops claiming, and lets what runs come to its end. */
  async beforeApplicationShutdown(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#beat.stop({ timeoutMs: this.#stopTimeoutMs })
  }

  #callLater(where: string, ms: number, call: () => unknown): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      Promise.resolve(call()).catch((error: unknown) => this.#logger.error(`${where}: ${String(error)}`))
    }, ms)
    this.#timers.add(timer)
  }

  #refuseSecondScheduler(): void {
    const isThere = [...this.#modules.values()].some(({ metatype, providers }) => {
      if (metatype?.name !== 'ScheduleModule') return false
      return [...providers.values()].some(({ name }) => String(name) === 'SchedulerOrchestrator')
    })
    if (!isThere) return
    const message =
      'ScheduleModule of @nestjs/schedule is loaded too, and runs its methods in every process. Take it out of the ' +
      "imports and set schedules: 'nest', so that they run once in the fleet; or set schedules: 'own' to leave them to it"
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'schedules', value: this.#schedules })
  }
}

function refuseTwice(name: string, first: string, second: string): EverybeatError {
  const where = first === second ? `by ${first}, which two modules provide` : `by ${first} and by ${second}`
  const message = `the name ${JSON.stringify(name)} is taken twice: ${where}; each task and schedule needs a name of its own`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'name', value: name })
}
