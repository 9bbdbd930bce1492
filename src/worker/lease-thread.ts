import type { ClaimedRun } from './store.js'

/** Extends leases in a thread with a connection of its own, so that a handler may block the event loop; for a bounded time. */
export interface LeaseThread {
  /**
   * Begins to extend the lease of a run that is trusted until `trustedUntil`.
   *
   * @param until when the extending ends, on the monotonic clock, ms; null: when the event loop has given no sign for too
   *   long
   * @param onLost is called on the event loop when Redis no longer holds the lease
   */
  keep(lease: ThreadLease, trustedUntil: number, until: number | null, onLost: () => void): KeptLease
  /** Says that the event loop runs. */
  showLife(): void
}

/** A run whose lease the thread extends, and the shard that it is on. */
export interface ThreadLease {
  readonly run: ClaimedRun
  readonly shard: number
}

/** What the thread knows of one lease, read from shared memory: it is current even after the event loop was blocked. */
export interface KeptLease {
  /** The end of the trust in the last extension, on the monotonic clock, ms; 0 before the first extension. */
  readonly trustedUntil: number
  /** The same end on the wall clock, ms. */
  readonly trustedUntilWall: number
  /** Whether Redis answered that it no longer holds the lease. */
  readonly isLost: boolean
  /** Ends the extending. */
  release(): void
}
