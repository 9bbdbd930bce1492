import { endsWithin, sleep, type Timer, type TimeSource } from '../../time-source.js'
import type { Settlement, SettleOutcome, WorkerStore } from '../store.js'

/** Delay before a settlement that Redis did not answer is sent again, ms. */
const RESEND_MS = 250
/**
 * Longest time for which a settlement is held, ms. With its call it takes less than 100 ms on a Redis that is not
 * overloaded.
 */
export const HOLD_MS = 60
/**
 * Least time between two calls without urgent settlements, ms: under a steady load each call carries all runs that
 * ended since the last one.
 */
export const GAP_MS = 50
/** Time of waiting after which held settlements are sent in larger calls, ms: Redis is slower than the runs end. */
const LATE_MS = 100
/** Most settlements in one call: enough to share its cost, few enough not to block Redis. */
const BATCH_COUNT = 100
/** Most settlements in one call when they are late. */
const LATE_BATCH_COUNT = 500
/** Most calls in flight before held settlements wait, so that claims of other workers come between the calls. */
const MAX_CALLS = 2

/** A settlement that was sent, and the answer of Redis. */
export interface Settled<Decided extends Settlement> {
  readonly settlement: Decided
  readonly outcome: SettleOutcome
}

/** The listeners of the calls of a settler. */
export interface SettleObserver {
  /** Called when a call failed, which is then repeated. */
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

interface Entry {
  readonly decide: () => Settlement
  readonly resolve: (settled: Settled<Settlement>) => void
  readonly reject: (error: unknown) => void
  /** When its run ended, on the monotonic clock, ms. */
  readonly endedAt: number
}

interface DecidedEntry {
  readonly settlement: Settlement
  readonly resolve: Entry['resolve']
}

/**
 * Sends the settlements of one shard, gathered in calls, and repeats each call until Redis has answered: a repeated
 * call changes nothing in Redis.
 *
 * Invariants:
 * 1. An urgent settlement is sent at the end of the turn of the event loop, whatever else is in flight. 2. A deferrable
 * settlement is held while starts come first ({@link hold}), and until {@link GAP_MS} have passed since the last call,
 * {@link HOLD_MS} at most: a worker that dies leaves only the runs of the last moment unrecorded. 3. Held settlements
 * are released oldest first, with at most {@link MAX_CALLS} calls in flight. A call that waits for its repetition is
 * not in flight, so a settlement that Redis cannot record delays no other. 4. After {@link stop} has begun no
 * settlement is held.
 */
export class Settler {
  readonly #store: Pick<WorkerStore, 'settle'>
  readonly #time: TimeSource
  readonly #observer: SettleObserver
  /** Settlements that are sent at once, oldest first. */
  readonly #urgent: Entry[] = []
  /** Settlements that may be held, oldest first. */
  readonly #deferrable: Entry[] = []
  /** Calls with their repetitions, until Redis has answered all their settlements. */
  readonly #inFlight = new Set<Promise<void>>()
  /** Number of calls that Redis has not answered. */
  #callCount = 0
  /** When the last call was sent, on the monotonic clock, ms. */
  #sentAt = Number.NEGATIVE_INFINITY
  /** Whether starts come before deferrable settlements. */
  #isHolding = false
  /** Whether settlements are sent at the end of this turn of the event loop. */
  #isSending = false
  /** Whether no settlement is held any more. */
  #isStopping = false
  /** Whether unanswered settlements are not sent again. */
  #isStopped = false
  /** Timer of the oldest settlement that is held. */
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
   * @param decide creates the settlement when it is sent
   * @param isDeferrable whether nothing waits for the end of the run
   */
  settle<Decided extends Settlement>(decide: () => Decided, isDeferrable = false): Promise<Settled<Decided>> {
    return new Promise<Settled<Decided>>((resolve, reject) => {
      const endedAt = this.#time.monotonic()
      const entry = { decide, resolve: resolve as Entry['resolve'], reject, endedAt }
      if (isDeferrable) this.#deferrable.push(entry)
      else this.#urgent.push(entry)
      this.#sendSoon()
    })
  }

  /** Holds deferrable settlements from now on, because starts come first. */
  hold(): void {
    this.#isHolding = true
  }

  /** Sends the held settlements. */
  release(): void {
    if (!this.#isHolding) return
    this.#isHolding = false
    this.#sendSoon()
  }

  /** Lets the next settlements wait for no gap, because they carry an announcement. */
  skipGap(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY
    this.#sendSoon()
  }

  /** Sends all settlements. Resolves when all are answered, or after the time-out. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    if (this.#timer) this.#time.clearTimeout(this.#timer)
    this.#sendNow()
    await endsWithin(this.#time, timeoutMs, this.#drain())
    this.#isStopped = true
  }

  async #drain(): Promise<void> {
    do {
      await new Promise<void>((resolve) => void this.#time.setImmediate(resolve))
      await Promise.all(this.#inFlight)
    } while (this.#inFlight.size > 0 || this.#urgent.length > 0 || this.#deferrable.length > 0)
  }

  #sendSoon(): void {
    if (this.#isSending) return
    if (this.#urgent.length === 0 && !this.#mayRelease()) return this.#setTimer()
    this.#isSending = true
    // Runs that end in the same turn of the event loop share one call.
    this.#time.setImmediate(() => {
      this.#isSending = false
      this.#sendNow()
    })
  }

  /** Whether held settlements may be sent now. */
  #mayRelease(): boolean {
    if (this.#deferrable.length === 0) return false
    if (this.#isStopping) return true
    return this.#callCount < MAX_CALLS && this.#leftMs() <= 0
  }

  /** Time until the oldest held settlement is sent, ms. */
  #leftMs(): number {
    const now = this.#time.monotonic()
    const heldLeftMs = this.#deferrable[0]!.endedAt + HOLD_MS - now
    if (this.#isHolding) return heldLeftMs
    return this.#deferrable.length >= BATCH_COUNT ? 0 : Math.min(heldLeftMs, this.#sentAt + GAP_MS - now)
  }

  /**
   * Sets the timer of the oldest held settlement. While too many calls are in flight none is needed, because each
   * answer checks the settlement again.
   */
  #setTimer(): void {
    if (this.#timer || this.#deferrable.length === 0 || this.#callCount >= MAX_CALLS) return
    const onTimer = () => {
      this.#timer = null
      this.#sendSoon()
    }
    this.#timer = this.#time.setTimeout(onTimer, Math.max(1, Math.ceil(this.#leftMs())))
  }

  #sendNow(): void {
    while (this.#urgent.length > 0) {
      const batch = this.#urgent.splice(0, BATCH_COUNT)
      // One call with all settlements costs less than two calls.
      if (this.#deferrable.length <= BATCH_COUNT - batch.length) batch.unshift(...this.#deferrable.splice(0))
      this.#begin(batch)
    }
    while (this.#mayRelease()) {
      const isLate = this.#time.monotonic() - this.#deferrable[0]!.endedAt > LATE_MS
      this.#begin(this.#deferrable.splice(0, isLate ? LATE_BATCH_COUNT : BATCH_COUNT))
    }
    this.#setTimer()
  }

  #begin(batch: Entry[]): void {
    const sending = this.#send(batch)
    this.#inFlight.add(sending)
    void sending.finally(() => this.#inFlight.delete(sending))
  }

  async #send(entries: Entry[]): Promise<void> {
    let open: DecidedEntry[] = []
    for (const entry of entries) decideEntry(entry, open)
    while (open.length > 0) {
      open = await this.#sendOnce(open)
      if (open.length === 0) return
      if (!this.#isStopped) await sleep(this.#time, RESEND_MS)
      if (this.#isStopped) break
    }
    for (const { resolve, settlement } of open) resolve({ settlement, outcome: 'lost' })
  }

  /** Sends settlements once. @returns those to send again: the call failed, or Redis could not record their run */
  async #sendOnce(decided: readonly DecidedEntry[]): Promise<DecidedEntry[]> {
    let outcomes: SettleOutcome[]
    this.#callCount += 1
    this.#sentAt = this.#time.monotonic()
    try {
      outcomes = await this.#store.settle(decided.map(({ settlement }) => settlement))
    } catch (error) {
      this.#observer.onError(error)
      return [...decided]
    } finally {
      this.#callCount -= 1
      if (this.#deferrable.length > 0) this.#sendSoon()
    }
    const open: DecidedEntry[] = []
    for (let index = 0; index < decided.length; index += 1) {
      const entry = decided[index]!
      const { settlement } = entry
      const outcome = outcomes[index]!
      if (outcome !== 'unrecorded') entry.resolve({ settlement, outcome })
      else {
        open.push(entry)
        this.#observer.onError(new Error(`run ${settlement.run.runId} could not be recorded, and is settled again`))
      }
    }
    if (open.length === 0) this.#observer.onSuccess()
    return open
  }
}

/** Decides a settlement and adds it to a call; an error rejects only this settlement and not the others of its call. */
function decideEntry({ decide, resolve, reject }: Entry, decided: DecidedEntry[]): void {
  try {
    decided.push({ settlement: decide(), resolve })
  } catch (error) {
    reject(error)
  }
}
