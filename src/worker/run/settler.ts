import { endsWithin, sleep, type Timer, type TimeSource } from '../../time-source.js'
import type { Settlement, SettleOutcome, WorkerStore } from '../store.js'

/** Delay before a settlement that Redis did not answer is sent again, ms. */
const RESEND_MS = 250
/** How long settlements are deferred for one claim, ms. */
const DEFER_MS = 100
/**
 * How long settlements are deferred at most while one claim follows another, ms: the starts of one instant are over by
 * then. Where starts never end, deferred settlements would only come in bursts.
 */
const MAX_DEFER_MS = 200
/** Settlements in one call: enough to share its cost, and few enough not to hold up Redis. */
const BATCH_COUNT = 100

/** A settlement that was sent, and the answer of Redis. */
export interface Settled<Decided extends Settlement> {
  readonly settlement: Decided
  readonly outcome: SettleOutcome
}

/** What is told of the calls of a settler. */
export interface SettleObserver {
  /** A call failed; it is repeated. */
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

interface Entry {
  decide: () => Settlement
  resolve: (settled: Settled<Settlement>) => void
  reject: (error: unknown) => void
}

interface DecidedEntry {
  readonly settlement: Settlement
  readonly resolve: Entry['resolve']
}

/**
 * Sends the settlements of one shard, as many as come together in one call, and again until Redis has answered: a
 * repeated call changes nothing in Redis.
 */
export class Settler {
  readonly #store: Pick<WorkerStore, 'settle'>
  readonly #time: TimeSource
  readonly #observer: SettleObserver
  /** Settlements that are not sent yet, oldest first. */
  readonly #waiting: Entry[] = []
  /** Calls that Redis has not answered. */
  readonly #inFlight = new Set<Promise<void>>()
  /** Whether a flush follows in this turn of the event loop. */
  #isFlushing = false
  /** Whether unanswered settlements are not sent again. */
  #isStopped = false
  /** Until when settlements are deferred, on the monotonic clock, ms. */
  #deferredUntil = Number.NEGATIVE_INFINITY
  /** Since when one claim follows another, on the monotonic clock, ms; null between them. */
  #claimingSince: number | null = null
  /** Timer of the end of the deferral. */
  #timer: Timer | null = null

  constructor(store: Pick<WorkerStore, 'settle'>, time: TimeSource, observer: SettleObserver) {
    this.#store = store
    this.#time = time
    this.#observer = observer
  }

  /**
   * Settles a run. Resolves with the answer of Redis; rejects with what `decide` throws. After {@link stop} an unanswered
   * settlement resolves as `lost`.
   *
   * @param decide makes the settlement when it is sent
   * @param isDeferrable whether nothing waits for the end of the run
   */
  settle<Decided extends Settlement>(decide: () => Decided, isDeferrable = false): Promise<Settled<Decided>> {
    return new Promise<Settled<Decided>>((resolve, reject) => {
      // All deferred settlements go with one that cannot be deferred: one call for all costs less than two.
      if (!isDeferrable) this.#deferredUntil = Number.NEGATIVE_INFINITY
      this.#waiting.push({ decide, resolve: resolve as Entry['resolve'], reject })
      this.#flushSoon()
    })
  }

  /** Defers settlements for a moment: a claim is under way, and starts come first. */
  defer(): void {
    const now = this.#time.monotonic()
    this.#claimingSince ??= now
    this.#deferredUntil = Math.min(now + DEFER_MS, this.#claimingSince + MAX_DEFER_MS)
  }

  /** Sends what was deferred. */
  flush(): void {
    this.#deferredUntil = Number.NEGATIVE_INFINITY
    this.#claimingSince = null
    this.#flushSoon()
  }

  /** Sends everything. Resolves when all is answered, or when the time is over. */
  async stop(timeoutMs: number): Promise<void> {
    this.#deferredUntil = Number.NEGATIVE_INFINITY
    this.#sendAll()
    await new Promise<void>((resolve) => void this.#time.setImmediate(resolve))
    await endsWithin(this.#time, timeoutMs, Promise.all(this.#inFlight))
    this.#isStopped = true
  }

  #flushSoon(): void {
    if (this.#isFlushing || this.#waiting.length === 0) return
    const deferredMs = this.#deferredUntil - this.#time.monotonic()
    if (deferredMs > 0) {
      this.#timer ??= this.#time.setTimeout(() => {
        this.#timer = null
        this.#flushSoon()
      }, Math.ceil(deferredMs))
      return
    }
    this.#isFlushing = true
    // Runs that end in the same turn of the event loop share one call.
    this.#time.setImmediate(() => {
      this.#isFlushing = false
      this.#sendAll()
    })
  }

  #sendAll(): void {
    if (this.#timer) this.#time.clearTimeout(this.#timer)
    this.#timer = null
    while (this.#waiting.length > 0) {
      const call = this.#send(this.#waiting.splice(0, BATCH_COUNT))
      this.#inFlight.add(call)
      void call.finally(() => this.#inFlight.delete(call))
    }
  }

  async #send(entries: Entry[]): Promise<void> {
    let open = entries.flatMap(decideEntry)
    while (open.length > 0) {
      open = await this.#sendOnce(open)
      if (open.length === 0) return
      if (!this.#isStopped) await sleep(this.#time, RESEND_MS)
      if (this.#isStopped) break
    }
    for (const { resolve, settlement } of open) resolve({ settlement, outcome: 'lost' })
  }

  /** Sends settlements once. Returns those to be sent again: the call failed, or Redis could not record their run. */
  async #sendOnce(decided: readonly DecidedEntry[]): Promise<DecidedEntry[]> {
    let outcomes: SettleOutcome[]
    try {
      outcomes = await this.#store.settle(decided.map(({ settlement }) => settlement))
    } catch (error) {
      this.#observer.onError(error)
      return [...decided]
    }
    const open = decided.filter((_, index) => outcomes[index] === 'unrecorded')
    for (const [index, { resolve, settlement }] of decided.entries()) {
      const outcome = outcomes[index]!
      if (outcome !== 'unrecorded') resolve({ settlement, outcome })
      else this.#observer.onError(new Error(`run ${settlement.run.runId} could not be recorded, and is settled again`))
    }
    if (open.length === 0) this.#observer.onSuccess()
    return open
  }
}

/** One settlement that cannot be decided must not keep the others of its call from being sent. */
function decideEntry({ decide, resolve, reject }: Entry): DecidedEntry[] {
  try {
    return [{ settlement: decide(), resolve }]
  } catch (error) {
    reject(error)
    return []
  }
}
