import { EXTEND_SHARE, GATHER_SHARE, RETRY_SHARE, STANDSTILL_LEASES, TRUST_SHARE } from '../../lease-timing.js'
import type { Timer, TimeSource } from '../../time-source.js'
import type { ExtendOutcome, HeldLease } from './extend-leases.js'
import { CELLS, toMicroseconds, type LeaseOrder } from './lease-thread-messages.js'

type Kept = Extract<LeaseOrder, { kind: 'keep' }>

/** The parts of a thread that its leases need. */
export interface ThreadLeasesOptions {
  readonly leaseMs: number
  /** Its monotonic clock is that of the event loop. */
  readonly time: TimeSource
  /** When the event loop last reported that it is not blocked, on that clock, µs. */
  readonly life: BigInt64Array
  /** Extends leases of one shard, in one call. */
  readonly extend: (leases: readonly HeldLease[]) => Promise<ExtendOutcome[]>
  /** Called when Redis does not hold the lease of this order any more. */
  readonly onLost: (id: number) => void
}

/**
 * The leases that the thread extends.
 *
 * Invariants:
 * 1. The trust in the cells of a lease counts from the moment at which its last extension was sent. 2. A lease is not
 * extended any more once it is released or lost, its time has passed, or the event loop has been blocked for too long.
 * 3. An extension also carries the leases of its shard that need one soon; each lease has its own answer.
 */
export class ThreadLeases {
  readonly #options: ThreadLeasesOptions
  readonly #kept = new Map<number, Kept>()
  /** When each lease is extended next, on the monotonic clock, ms; absent while its extension is in flight. */
  readonly #dueAt = new Map<Kept, number>()
  /** Timer of the next check. */
  #timer: Timer | null = null
  /** When the timer fires, on the monotonic clock, ms. */
  #timerAt = Number.POSITIVE_INFINITY

  constructor(options: ThreadLeasesOptions) {
    this.#options = options
  }

  keep(lease: Kept): void {
    this.#kept.set(lease.id, lease)
    this.#extendAt(lease, lease.trustedUntil - this.#options.leaseMs * (TRUST_SHARE - EXTEND_SHARE))
  }

  release(id: number): void {
    const lease = this.#kept.get(id)
    if (!lease) return
    this.#kept.delete(id)
    this.#dueAt.delete(lease)
  }

  stop(): void {
    if (this.#timer) this.#options.time.clearTimeout(this.#timer)
    this.#kept.clear()
    this.#dueAt.clear()
  }

  #extendAt(lease: Kept, at: number): void {
    this.#dueAt.set(lease, at)
    if (at >= this.#timerAt) return
    const { time } = this.#options
    if (this.#timer) time.clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = time.setTimeout(() => this.#check(), Math.max(1, at - time.monotonic()))
  }

  #check(): void {
    this.#timer = null
    this.#timerAt = Number.POSITIVE_INFINITY
    const { leaseMs, time } = this.#options
    const soon = time.monotonic() + leaseMs * GATHER_SHARE
    const byShard = new Map<number, Kept[]>()
    for (const [lease, at] of this.#dueAt) {
      if (at > soon) this.#extendAt(lease, at)
      else if (this.#isOverdue(lease)) this.release(lease.id)
      else {
        this.#dueAt.delete(lease)
        const ofShard = byShard.get(lease.shard)
        if (ofShard) ofShard.push(lease)
        else byShard.set(lease.shard, [lease])
      }
    }
    for (const leases of byShard.values()) void this.#extend(leases)
  }

  /**
   * Whether the thread has to stop extending the lease of a blocked process: its time has passed, or the event loop has
   * been blocked for too long.
   */
  #isOverdue({ until }: Kept): boolean {
    const { leaseMs, life, time } = this.#options
    if (until !== null) return time.monotonic() >= until
    return time.monotonic() - Number(Atomics.load(life, 0)) / 1_000 > leaseMs * STANDSTILL_LEASES
  }

  async #extend(leases: readonly Kept[]): Promise<void> {
    const { leaseMs, time, onLost } = this.#options
    const sentAt = time.monotonic()
    const sentAtWall = time.wall()
    const outcomes = await this.#options.extend(leases).catch(() => null)
    for (const [index, lease] of leases.entries()) {
      if (this.#kept.get(lease.id) !== lease) continue
      if (outcomes === null) this.#extendAt(lease, time.monotonic() + leaseMs * RETRY_SHARE)
      else if (outcomes[index] === 'extended') {
        // The wall clock is written first, so that a reader between both writes trusts too briefly, never too long.
        Atomics.store(lease.cells, CELLS.trustedUntilWall, toMicroseconds(sentAtWall + leaseMs * TRUST_SHARE))
        Atomics.store(lease.cells, CELLS.trustedUntil, toMicroseconds(sentAt + leaseMs * TRUST_SHARE))
        this.#extendAt(lease, sentAt + leaseMs * EXTEND_SHARE)
      } else {
        this.release(lease.id)
        Atomics.store(lease.cells, CELLS.isLost, 1n)
        onLost(lease.id)
      }
    }
  }
}
