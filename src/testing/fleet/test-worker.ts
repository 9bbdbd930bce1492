import { Everybeat, type EverybeatOptions, type Run, type TaskHandle } from '../../index.js'
import type { Handlers } from './handlers.js'

/** Moves the clock of the fleet until the work ends. */
export type Drive = <Value>(work: () => Promise<Value>) => Promise<Value>

/** A real `Everybeat` of a test fleet, whose handlers are followed. */
export class TestWorker extends Everybeat {
  /** The name of the worker in its fleet: `worker-1`, `worker-2`, … */
  readonly name: string
  readonly #handlers: Handlers
  readonly #drive: Drive
  readonly #taskNames = new Set<string>()

  constructor(name: string, options: EverybeatOptions, handlers: Handlers, drive: Drive) {
    super(options)
    this.name = name
    this.#handlers = handlers
    this.#drive = drive
    const register = this.task as unknown as (name: string, ...given: unknown[]) => TaskHandle<never>
    const follow = (task: string, ...given: unknown[]): TaskHandle<never> => this.#follow(register, task, given)
    // `task` is a property of the instance, so that its type can depend on the registered tasks.
    Object.defineProperty(this, 'task', { value: follow, enumerable: true })
  }

  /** The tasks that are registered here. */
  get taskNames(): ReadonlySet<string> {
    return this.#taskNames
  }

  #follow(
    register: (name: string, ...given: unknown[]) => TaskHandle<never>,
    task: string,
    given: readonly unknown[],
  ): TaskHandle<never> {
    const handler = given.at(-1)
    const followed =
      typeof handler === 'function' ? this.#handlers.wrap(this.name, handler as (run: Run) => unknown) : handler
    const handle = register(task, ...given.slice(0, -1), followed)
    this.#taskNames.add(task)
    return handle
  }

  /** Stops as an `Everybeat` does; the clock of the fleet moves until the stop ends. */
  override stop(options?: { timeoutMs?: number }): Promise<void> {
    return this.#drive(() => super.stop(options))
  }
}
