import { endsWithin, sleep, type Timer, type TimeSource } from '../../time-source.js'
import type { Settlement, SettleOutcome, WorkerStore } from '../store.js'

/** Delay before a settlement that Redis did not answer is sent again, ms. */
const RESEND_MS = 250
/**
 * How long a settlement is held at most, ms. Its call may take some more: together less than 100 ms on a Redis that
 * keeps up.
 */
export const HOLD_MS = 60
/** The least distance of the calls that carry nothing urgent, ms: under a steady load each carries what ended meanwhile. */
export const GAP_MS = 50
/** Held settlements that wait this long go in larger calls: the answers of Redis take longer than runs end, ms. */
const LATE_MS = 100
/** Settlements in one call: enough to share its cost, and few enough not to hold up Redis. */
const BATCH_COUNT = 100
/** The same for settlements that are late. */
const LATE_BATCH_COUNT = 500
/** Calls under way, beyond which held settlements wait: starts, which other workers claim, come in between. */
const MAX_CALLS = 2

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
 * Sends the settlements of one shard, as many as come together in one call, and again until Redis has answered: a
 * repeated call changes nothing in Redis.
 *
 * Invariants:
 * 1. A settlement that something waits for is sent at the end of the turn of the event loop, whatever else is under way.
 * 2. A deferrable settlement is held while starts come first ({@link hold}), and until {@link GAP_MS} have passed since the
 *    last call, {@link HOLD_MS} at most: a worker that dies leaves no more than the last moment unrecorded.
 * 3. Held settlements are released oldest first, with at most {@link MAX_CALLS} calls under way. A call that is to be
 *    sent again is not under way: a settlement that Redis cannot record holds up no other.
 * 4. After {@link stop} has begun nothing is held.
 */
export class Settler {
  readonly #store: Pick<WorkerStore, 'settle'>
  readonly #time: TimeSource
  readonly #observer: SettleObserver
  /** Settlements that are sent at once, oldest first. */
  readonly #urgent: Entry[] = []
  /** Settlements that may be held, oldest first. */
  readonly #deferrable: Entry[] = []
  /** Settlements on their way, until Redis has answered for all of a call. */
  readonly #inFlight = new Set<Promise<void>>()
  /** Calls that Redis has not answered. */
  #callCount = 0
  /** When the last call was sent, on the monotonic clock, ms. */
  #sentAt = Number.NEGATIVE_INFINITY
  /** Whether starts come before the settlements that may be held. */
  #isHolding = false
  /** Whether settlements are sent at the end of this turn of the event loop. */
  #isSending = false
  /** Whether nothing is held any more. */
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
   * @param decide makes the settlement when it is sent
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

  /** Starts come first from now on: what may be held is held. */
  hold(): void {
    this.#isHolding = true
  }

  /** Sends what was held. */
  release(): void {
    if (!this.#isHolding) return
    this.#isHolding = false
    this.#sendSoon()
  }

  /** Lets the next settlements wait for no gap: an announcement is due, and goes with them. */
  skipGap(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY
    this.#sendSoon()
  }

  /** Sends everything. Resolves when all is answered, or when the time is over. */
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

  /** How long the oldest settlement is still held, ms. */
  #leftMs(): number {
    const now = this.#time.monotonic()
    const heldLeftMs = this.#deferrable[0]!.endedAt + HOLD_MS - now
    if (this.#isHolding) return heldLeftMs
    return this.#deferrable.length >= BATCH_COUNT ? 0 : Math.min(heldLeftMs, this.#sentAt + GAP_MS - now)
  }

  /** Where calls are under way, their answers come first, and then the oldest settlement is looked at again. */
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
      // One call for all costs less than two.
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
