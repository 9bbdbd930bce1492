import type { ClaimedRun } from './store.js'

/**
 * Extends leases in a thread with its own connection, so that a handler may block the event loop for a bounded time.
 */
export interface LeaseThread {
  /**
   * Begins to extend the lease of a run that is trusted until `trustedUntil`.
   *
   * @param until when the thread stops to extend the lease, on the monotonic clock, ms; null: when the event loop has
   *   been blocked for too long
   * @param onLost called on the event loop when Redis no longer holds the lease
   */
  keep(lease: ThreadLease, trustedUntil: number, until: number | null, onLost: () => void): KeptLease
  /** Tells the thread that the event loop is not blocked. */
  showLife(): void
}

/** A run whose lease the thread extends, and its shard. */
export interface ThreadLease {
  readonly run: ClaimedRun
  readonly shard: number
}

/**
 * The state of one lease in the thread, read from shared memory, so that it is current even after the event loop was
 * blocked.
 */
export interface KeptLease {
  /** The end of the trust in the last extension, on the monotonic clock, ms; 0 before the first extension. */
  readonly trustedUntil: number
  /** The end of the same trust on the wall clock, epoch ms. */
  readonly trustedUntilWall: number
  /** Whether Redis answered that it no longer holds the lease. */
  readonly isLost: boolean
  /** Stops the thread from extending the lease. */
  release(): void
}
