import { EXTEND_SHARE, GATHER_SHARE, RETRY_SHARE, STEP_IN_SHARE, TRUST_SHARE } from '../../lease-timing.js'
import { endsWithin, type Timer, type TimeSource } from '../../time-source.js'
import type { KeptLease, LeaseThread } from '../lease-thread.js'
import type { WorkerStore } from '../store.js'
import type { ActiveRun } from './active-run.js'

/** The length of leases, their clocks, and the listener of losses. */
export interface LeaseKeeperOptions {
  readonly leaseMs: number
  readonly time: TimeSource
  readonly onLost: (run: ActiveRun, reason: string) => void
  /** Extends the leases of handlers that block the event loop; null: these leases end. */
  readonly thread: LeaseThread | null
}

interface Watched {
  readonly run: ActiveRun
  readonly store: WorkerStore
  /** When the event loop extends the lease next, on the monotonic clock, ms. */
  extendAt: number
  isExtending: boolean
  /** The same lease in the lease thread; null when the thread does not extend it. */
  kept: KeptLease | null
}

/** Longest wait of a run for the confirmation of its lease, ms; then the run is returned. */
const CONFIRM_MS = 2_000

const NOT_HELD = 'Redis does not hold it any more'
const TRUST_ENDED = 'trust in the lease ran out before it could be extended'

/**
 * Extends the leases of long runs, and aborts a run before its lease can pass to another worker.
 *
 * Invariants:
 * 1. Trust counts from the moment at which an extension was *sent*. The lease was extended at some time after that, so
 * a slow answer never prolongs trust. 2. An extension also carries the leases of its shard that need one soon, so the
 * number of calls depends on the length of a lease and not on the number of runs. 3. Each lease has its own answer. A
 * lost lease aborts only its run, and a call without an answer says nothing about its leases.
 */
export class LeaseKeeper {
  readonly #leaseMs: number
  /** Duration of the trust in an extension, ms. */
  readonly #trustMs: number
  readonly #time: TimeSource
  readonly #onLost: LeaseKeeperOptions['onLost']
  readonly #thread: LeaseThread | null
  /** The runs whose leases are extended. */
  readonly #watched = new Map<ActiveRun, Watched>()
  /** Timer of the next check. */
  #timer: Timer | null = null
  /** When the timer fires, on the monotonic clock, ms. */
  #timerAt = Number.POSITIVE_INFINITY

  constructor({ leaseMs, time, onLost, thread }: LeaseKeeperOptions) {
    this.#leaseMs = leaseMs
    this.#trustMs = leaseMs * TRUST_SHARE
    this.#time = time
    this.#onLost = onLost
    this.#thread = thread
  }

  /** Begins to extend the lease of a run that had `leaseLeftMs` left when its claim was sent. */
  watch(run: ActiveRun, store: WorkerStore, sentAtMonotonic: number, sentAtWall: number): void {
    const leftMs = Math.min(run.claimed.leaseLeftMs, this.#leaseMs) * TRUST_SHARE
    run.trustedUntilMonotonic = sentAtMonotonic + leftMs
    run.trustedUntilWall = sentAtWall + leftMs
    // A lease without trust is not extended here: `confirm` extends it before the handler may start.
    if (this.isTrusted(run)) this.#follow(run, store, sentAtMonotonic + leftMs * EXTEND_SHARE)
  }

  /**
   * Whether a run may start: its signal has not aborted, and its lease is trusted or was extended just now. After a
   * late reply, or a halt of the process, another worker may have the run. Without an answer the run may not start:
   * waiting for a server that hangs would hold its slot and delay the stop of its worker.
   */
  async confirm(run: ActiveRun, store: WorkerStore): Promise<boolean> {
    if (run.aborted) return false
    if (this.isTrusted(run)) return true
    const sentAt = this.#time.monotonic()
    const sentAtWall = this.#time.wall()
    let isExtended = false
    const extension = store.extendLeases([run.claimed]).then(([outcome]) => void (isExtended = outcome === 'extended'))
    const abort = new Promise<void>((resolve) => run.onAbort(resolve))
    await endsWithin(this.#time, CONFIRM_MS, Promise.race([extension.catch(() => {}), abort]), true)
    if (!isExtended || run.aborted) return false
    this.#trust(run, sentAt, sentAtWall)
    if (!this.isTrusted(run)) return false
    this.#follow(run, store, sentAt + this.#leaseMs * EXTEND_SHARE)
    return true
  }

  /** Gives the lease to the lease thread too, if the worker has one; called just before the handler. */
  guard(run: ActiveRun, timeoutMs: number | null): void {
    const entry = this.#watched.get(run)
    if (!this.#thread || !entry) return
    const until = timeoutMs === null ? null : this.#time.monotonic() + timeoutMs
    this.#thread.showLife()
    const onLost = () => this.#lose(entry, NOT_HELD)
    entry.kept = this.#thread.keep({ run: run.claimed, shard: run.shard }, run.trustedUntilMonotonic, until, onLost)
    entry.extendAt = this.#readThread(entry)
  }

  /** Stops extending the lease of a run. */
  forget(run: ActiveRun): void {
    this.#watched.get(run)?.kept?.release()
    this.#watched.delete(run)
  }

  /** Whether the lease is trusted, by the monotonic clock and by the wall clock. */
  isTrusted(run: ActiveRun): boolean {
    const entry = this.#watched.get(run)
    if (entry) entry.extendAt = this.#readThread(entry)
    return this.#time.monotonic() < run.trustedUntilMonotonic && this.#time.wall() < run.trustedUntilWall
  }

  /** Stops extending all leases. */
  stop(): void {
    if (this.#timer) this.#time.clearTimeout(this.#timer)
    for (const run of this.#watched.keys()) this.forget(run)
  }

  #trust(run: ActiveRun, sentAtMonotonic: number, sentAtWall: number): void {
    run.trustedUntilMonotonic = sentAtMonotonic + this.#trustMs
    run.trustedUntilWall = sentAtWall + this.#trustMs
  }

  /** Adopts the trust from the thread's last extension. @returns when the event loop extends, monotonic ms */
  #readThread({ run, kept, extendAt }: Watched): number {
    if (!kept) return extendAt
    if (kept.isLost) run.trustedUntilMonotonic = Number.NEGATIVE_INFINITY
    else if (kept.trustedUntil > run.trustedUntilMonotonic) {
      run.trustedUntilMonotonic = kept.trustedUntil
      run.trustedUntilWall = kept.trustedUntilWall
    }
    return Math.max(extendAt, run.trustedUntilMonotonic - this.#trustMs + this.#leaseMs * STEP_IN_SHARE)
  }

  #follow(run: ActiveRun, store: WorkerStore, extendAt: number): void {
    this.#watched.set(run, { run, store, extendAt, isExtending: false, kept: null })
    this.#checkAt(extendAt)
  }

  #checkAt(at: number): void {
    if (at >= this.#timerAt) return
    if (this.#timer) this.#time.clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = this.#time.setTimeout(() => this.#check(), Math.max(1, at - this.#time.monotonic()))
  }

  #check(): void {
    this.#timer = null
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#time.monotonic()
    this.#thread?.showLife()
    let isDue = false
    const due = new Map<WorkerStore, Watched[]>()
    for (const entry of this.#watched.values()) {
      if (!this.isTrusted(entry.run)) this.#lose(entry, entry.kept?.isLost ? NOT_HELD : TRUST_ENDED)
      else if (now >= entry.extendAt - this.#leaseMs * GATHER_SHARE && !entry.isExtending) {
        isDue ||= now >= entry.extendAt
        const ofStore = due.get(entry.store)
        if (ofStore) ofStore.push(entry)
        else due.set(entry.store, [entry])
      }
    }
    if (isDue) for (const [store, entries] of due) void this.#extend(store, entries)
    this.#checkNext(this.#watched.values())
  }

  /** Sets the timer for the earliest extension or end of trust of these leases. */
  #checkNext(entries: Iterable<Watched>): void {
    let next = Number.POSITIVE_INFINITY
    for (const { run, isExtending, extendAt } of entries) {
      next = Math.min(next, run.trustedUntilMonotonic, isExtending ? Number.POSITIVE_INFINITY : extendAt)
    }
    if (next < Number.POSITIVE_INFINITY) this.#checkAt(next)
  }

  #lose({ run }: Watched, reason: string): void {
    this.forget(run)
    if (run.abort('lease-lost', `the lease of run ${run.claimed.runId} is lost: ${reason}`)) this.#onLost(run, reason)
  }

  async #extend(store: WorkerStore, entries: readonly Watched[]): Promise<void> {
    for (const entry of entries) entry.isExtending = true
    const sentAt = this.#time.monotonic()
    const sentAtWall = this.#time.wall()
    const outcomes = await store.extendLeases(entries.map(({ run }) => run.claimed)).catch(() => null)
    for (const [index, entry] of entries.entries()) {
      entry.isExtending = false
      if (this.#watched.get(entry.run) !== entry) continue
      if (outcomes === null) {
        // A call without an answer says nothing about the leases: their trust continues, and the next try may still be
        // in time.
        entry.extendAt = this.#time.monotonic() + this.#leaseMs * RETRY_SHARE
      } else if (outcomes[index] === 'extended') {
        this.#trust(entry.run, sentAt, sentAtWall)
        entry.extendAt = sentAt + this.#leaseMs * (entry.kept ? STEP_IN_SHARE : EXTEND_SHARE)
      } else this.#lose(entry, NOT_HELD)
    }
    this.#checkNext(entries.filter((entry) => this.#watched.get(entry.run) === entry))
  }
}
