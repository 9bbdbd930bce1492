import { EverybeatError } from '../../errors.js'
import type { Handlers } from './handlers.js'
import { refuseFakeTimers } from './real-timers.js'
import type { Stepper } from './stepper.js'
import type { VirtualTime } from './virtual-time.js'

/** Longest move of the clock for one call, such as the stop of a worker, virtual ms. */
const MOST_DRIVEN_MS = 3_600_000
/** Longest wait of a call for real work, ms. */
const STUCK_MS = 5_000
/** Distance of an event up to which a call waits for it, virtual ms, such as a reply in flight. */
const NEAR_MS = 100

/** Runs the calls of a fleet's user one after the other, so that their order is the order of events. */
export class Turns {
  readonly #stepper: Stepper
  readonly #handlers: Handlers
  readonly #time: VirtualTime
  #isOver = false
  /** The end of the last call. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(stepper: Stepper, handlers: Handlers, time: VirtualTime) {
    this.#stepper = stepper
    this.#handlers = handlers
    this.#time = time
  }

  /** Refuses further calls; resolves when the calls in progress have ended. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#last.catch(() => {})
  }

  /** @throws EverybeatError `ERR_EVERYBEAT_STATE` once the fleet is disposed of, or while the timers of the process are fake */
  refuseIfOver(): void {
    refuseFakeTimers()
    if (!this.#isOver) return
    throw new EverybeatError('ERR_EVERYBEAT_STATE', 'this test fleet is disposed of; create a new one')
  }

  /** Runs work after the calls in progress. A call from inside a handler does not wait for the end of that handler. */
  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    this.refuseIfOver()
    if (this.#handlers.isInside) return await work()
    const former = this.#last
    const turn = (async () => {
      await former.catch(() => {})
      this.refuseIfOver()
      return await work()
    })()
    this.#last = turn
    turn.catch(() => {})
    return await turn
  }

  /** Waits for all consequences of a call. */
  async settle(): Promise<void> {
    if (!this.#handlers.isInside) await this.#stepper.settle()
  }

  /** Runs work of the engine to its end; the clock moves until then. */
  async drive<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#handlers.isInside) return await work()
    return await this.take(() => this.#drive(work))
  }

  async #drive<Value>(work: () => Promise<Value>): Promise<Value> {
    let hasEnded = false
    const ending = work().finally(() => (hasEnded = true))
    ending.catch(() => {})
    const untilMs = this.#time.nowMs + MOST_DRIVEN_MS
    let waitingSince: number | null = null
    for (;;) {
      await this.#stepper.settle()
      if (hasEnded) return await ending
      const isNear = (this.#time.next()?.at ?? Number.POSITIVE_INFINITY) <= this.#time.nowMs + NEAR_MS
      if (!isNear && (waitingSince === null || performance.now() - waitingSince < STUCK_MS)) {
        // Before the clock moves, the work may wait for real work.
        waitingSince ??= performance.now()
        await Promise.race([ending.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 20))])
        if (hasEnded) continue
      }
      if (await this.#stepper.step(untilMs)) waitingSince = null
      else if (performance.now() - (waitingSince ?? 0) > STUCK_MS) {
        throw new EverybeatError('ERR_EVERYBEAT_STATE', 'a call to the fleet did not end within 5 s of real time')
      }
    }
  }

  /** The object, each of whose methods is driven to its end. */
  driven<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object)
        if (typeof value !== 'function') return value
        const method = value.bind(object) as (...args: unknown[]) => unknown
        return (...args: unknown[]) => this.drive(async () => await method(...args))
      },
    })
  }
}
