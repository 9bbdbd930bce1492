import { AsyncLocalStorage } from 'node:async_hooks'
import type { Run } from '../../index.js'
import type { RunRecord, RunRecords } from './run-records.js'

/** One call of a handler that has not ended. */
interface Call {
  readonly record: RunRecord
  readonly worker: string
  /** Number of its waits in virtual time. */
  sleeping: number
}

/** Follows the handlers of a fleet: those that wait for the clock of the fleet, and those that wait for real work. */
export class Handlers {
  readonly #calls = new Set<Call>()
  readonly #frozen = new Set<string>()
  readonly #current = new AsyncLocalStorage<Call>()
  readonly #records: RunRecords
  readonly #now: () => Date
  /** Ends the wait of {@link change}. */
  #wake = (): void => {}

  constructor(records: RunRecords, now: () => Date) {
    this.#records = records
    this.#now = now
  }

  /** Wraps a handler so that it is followed. */
  wrap(worker: string, handler: (run: Run) => unknown): (run: Run) => unknown {
    return async (run) => {
      const call: Call = { record: this.#records.begin(run), worker, sleeping: 0 }
      this.#calls.add(call)
      try {
        const result = await this.#current.run(call, () => handler(run))
        if (call.record.outcome === 'running')
          Object.assign(call.record, { outcome: 'ok', result, endedAt: this.#now() })
        else if (call.record.outcome === 'ok') call.record.result = result
        return result
      } catch (error) {
        if (call.record.outcome === 'running') {
          const said = error instanceof Error ? error.message : String(error)
          Object.assign(call.record, { outcome: 'failed', error: said, endedAt: this.#now() })
        }
        throw error
      } finally {
        this.#calls.delete(call)
        this.#wake()
      }
    }
  }

  /**
   * Waits for the clock of the fleet, for the handler that makes this call.
   *
   * @param begin begins the wait, for the worker of that handler, or for no worker
   */
  async sleep(begin: (worker: string | null) => Promise<void>): Promise<void> {
    const call = this.#current.getStore()
    if (!call) return await begin(null)
    call.sleeping += 1
    this.#wake()
    try {
      await begin(call.worker)
    } finally {
      call.sleeping -= 1
    }
  }

  get isInside(): boolean {
    return this.#current.getStore() !== undefined
  }

  /** Marks a worker as frozen: its handlers do not delay the clock. */
  setFrozen(worker: string, isFrozen: boolean): void {
    if (isFrozen) this.#frozen.add(worker)
    else this.#frozen.delete(worker)
  }

  /** The runs whose handlers wait for real work, during which the clock of the fleet does not move. */
  get busy(): readonly RunRecord[] {
    const going = [...this.#calls].filter(({ sleeping, worker }) => sleeping === 0 && !this.#frozen.has(worker))
    return going.map(({ record }) => record)
  }

  get count(): number {
    return this.#calls.size
  }

  /** Forgets the handlers of a worker that has ended. */
  forget(worker: string): void {
    for (const call of this.#calls) if (call.worker === worker) this.#calls.delete(call)
  }

  /**
   * Ends following handlers. Node.js passes the value of each `AsyncLocalStorage` in use to every promise of the
   * process, so those of ended fleets would slow down the later ones.
   */
  end(): void {
    this.#current.disable()
  }

  /** Resolves when a handler ends or begins to wait for the clock, at the latest after `ms` of real time. */
  async change(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = () => {}
  }
}
