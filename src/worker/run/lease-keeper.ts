import type { ActiveRun } from './active-run.js'
import { EXTEND_SHARE, RETRY_SHARE, STEP_IN_SHARE, TRUST_SHARE } from '../../lease-timing.js'
import type { Timer, TimeSource } from '../../time-source.js'
import type { KeptLease, LeaseThread, WorkerStore } from '../store.js'

/** Keeps the leases of long runs alive, and aborts a run before its lease can pass to somebody else. */
export interface LeaseKeeper {
  /** Begins to watch a run whose lease had `leaseLeftMs` left when the call that brought it was sent. */
  watch(run: ActiveRun, store: WorkerStore, sentAt: number, sentAtWall: number): void
  /**
   * Whether the run may start: its signal has not aborted, and its lease is trusted or was extended just now. A reply
   * that was long on its way, or a process that stood still behind it, brings runs that may be somebody else's by now.
   */
  confirm(run: ActiveRun, store: WorkerStore): Promise<boolean>
  /** Has the thread, where there is one, keep the lease too: the handler is about to be called. */
  guard(run: ActiveRun, timeoutMs: number | null): void
  forget(run: ActiveRun): void
  /** Whether the lease may still be trusted: the monotonic and the wall clock both have to say so. */
  isTrusted(run: ActiveRun): boolean
  stop(): void
}

interface Watched {
  run: ActiveRun
  store: WorkerStore
  extendAt: number
  extending: boolean
  kept: KeptLease | null
}

/** How long leases are, by which clocks, and who hears of a loss. */
export interface LeaseKeeperOptions {
  leaseMs: number
  time: TimeSource
  onLost: (run: ActiveRun, reason: string) => void
  /** Keeps the leases of handlers that block the event loop; null: nobody does. */
  thread: LeaseThread | null
}

const GONE = 'Redis does not hold it any more'

/**
 * Creates the keeper. Trust is counted from the moment an extension was *sent*: an answer that comes late says only
 * that the lease was extended at some moment after that, so a slow success never stretches trust.
 */
export function createLeaseKeeper({ leaseMs, time, onLost, thread }: LeaseKeeperOptions): LeaseKeeper {
  const { monotonic, wall } = time
  const watched = new Map<ActiveRun, Watched>()
  const trustMs = leaseMs * TRUST_SHARE
  let timer: Timer | null = null
  let armedFor = Number.POSITIVE_INFINITY

  /** Takes over what the thread has reached meanwhile. */
  function hearThread({ run, kept, ...entry }: Watched): number {
    if (!kept) return entry.extendAt
    if (kept.isLost) run.trustedUntil = Number.NEGATIVE_INFINITY
    else if (kept.trustedUntil > run.trustedUntil) {
      run.trustedUntil = kept.trustedUntil
      run.trustedUntilWall = kept.trustedUntilWall
    }
    return Math.max(entry.extendAt, run.trustedUntil - trustMs + leaseMs * STEP_IN_SHARE)
  }

  function isTrusted(run: ActiveRun): boolean {
    const entry = watched.get(run)
    if (entry) entry.extendAt = hearThread(entry)
    return monotonic() < run.trustedUntil && wall() < run.trustedUntilWall
  }

  function arm(at: number): void {
    if (at >= armedFor) return
    if (timer) time.clearTimeout(timer)
    armedFor = at
    timer = time.setTimeout(look, Math.max(1, at - monotonic()))
  }

  function follow(run: ActiveRun, store: WorkerStore, extendAt: number): void {
    watched.set(run, { run, store, extendAt, extending: false, kept: null })
    arm(extendAt)
  }

  function look(): void {
    timer = null
    armedFor = Number.POSITIVE_INFINITY
    const now = monotonic()
    thread?.showLife()
    let next = Number.POSITIVE_INFINITY
    for (const entry of watched.values()) {
      if (!isTrusted(entry.run)) {
        lose(entry, entry.kept?.isLost ? GONE : 'trust in the lease ran out before it could be extended')
        continue
      }
      if (now >= entry.extendAt && !entry.extending) void extend(entry)
      next = Math.min(next, entry.run.trustedUntil, entry.extending ? Infinity : entry.extendAt)
    }
    if (next < Number.POSITIVE_INFINITY) arm(next)
  }

  function forget(run: ActiveRun): void {
    watched.get(run)?.kept?.release()
    watched.delete(run)
  }

  function lose(entry: Watched, reason: string): void {
    forget(entry.run)
    if (entry.run.abort('lease-lost', `the lease of run ${entry.run.claimed.runId} is lost: ${reason}`)) {
      onLost(entry.run, reason)
    }
  }

  async function extend(entry: Watched): Promise<void> {
    const { run, store } = entry
    entry.extending = true
    const sentAt = monotonic()
    const sentAtWall = wall()
    try {
      const outcome = await store.extendLease(run.claimed)
      if (watched.get(run) !== entry) return
      if (outcome === 'lost') return lose(entry, GONE)
      run.trustedUntil = sentAt + trustMs
      run.trustedUntilWall = sentAtWall + trustMs
      entry.extendAt = sentAt + leaseMs * (entry.kept ? STEP_IN_SHARE : EXTEND_SHARE)
    } catch {
      // No answer says nothing about the lease: trust goes on to its end, and the next try may still be in time.
      entry.extendAt = monotonic() + leaseMs * RETRY_SHARE
    } finally {
      entry.extending = false
    }
    arm(Math.min(entry.extendAt, run.trustedUntil))
  }

  return {
    watch(run, store, sentAt, sentAtWall) {
      const left = Math.min(run.claimed.leaseLeftMs, leaseMs) * TRUST_SHARE
      run.trustedUntil = sentAt + left
      run.trustedUntilWall = sentAtWall + left
      // Who has lost trust already asks Redis by `confirm` before anything starts.
      if (isTrusted(run)) follow(run, store, sentAt + left * EXTEND_SHARE)
    },
    async confirm(run, store) {
      if (run.aborted) return false
      if (isTrusted(run)) return true
      const sentAt = monotonic()
      const sentAtWall = wall()
      const outcome = await store.extendLease(run.claimed).catch(() => 'unknown')
      if (outcome !== 'extended' || run.aborted) return false
      run.trustedUntil = sentAt + trustMs
      run.trustedUntilWall = sentAtWall + trustMs
      if (!isTrusted(run)) return false
      follow(run, store, sentAt + leaseMs * EXTEND_SHARE)
      return true
    },
    guard(run, timeoutMs) {
      const entry = watched.get(run)
      if (!thread || !entry) return
      const until = timeoutMs === null ? null : monotonic() + timeoutMs
      thread.showLife()
      entry.kept = thread.keep(run.claimed, run.shard, run.trustedUntil, until, () => lose(entry, GONE))
      entry.extendAt = hearThread(entry)
    },
    forget,
    isTrusted,
    stop() {
      if (timer) time.clearTimeout(timer)
      for (const run of watched.keys()) forget(run)
    },
  }
}
