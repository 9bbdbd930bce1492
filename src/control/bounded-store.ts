import { nameConnectionLoss } from '../connection-loss.js'
import { EverybeatError } from '../errors.js'
import { endsWithin, type TimeSource } from '../time-source.js'
import type { ScheduleStore } from './store.js'

/**
 * Bounds the calls of stores in time, so that no caller waits for ever for a server that hangs or for a lost node of a
 * Cluster. The call itself is not withdrawn and may take effect later.
 */
export class BoundStores {
  /** How long a call may take, ms. */
  readonly #timeoutMs: number
  readonly #time: TimeSource
  /** The bounded store of each store. */
  readonly #bounded = new WeakMap<ScheduleStore, ScheduleStore>()

  constructor(timeoutMs: number, time: TimeSource) {
    this.#timeoutMs = timeoutMs
    this.#time = time
  }

  /**
   * The store with bounded calls: a call that takes too long, or whose server does not answer, rejects with
   * `ERR_EVERYBEAT_CONNECTION`.
   */
  of(store: ScheduleStore): ScheduleStore {
    const known = this.#bounded.get(store)
    if (known) return known
    const bounded = new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as ((...args: unknown[]) => Promise<unknown>) | undefined
        return method && ((...args: unknown[]) => this.#bound(Reflect.apply(method, target, args), String(name)))
      },
    })
    this.#bounded.set(store, bounded)
    return bounded
  }

  async #bound(work: Promise<unknown>, what: string): Promise<unknown> {
    try {
      if (await endsWithin(this.#time, this.#timeoutMs, work)) return await work
    } catch (error) {
      throw nameConnectionLoss(error, what)
    }
    const message = `Redis did not answer \`${what}\` within ${this.#timeoutMs} ms (connectTimeoutMs); the request may still take effect`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message)
  }
}
