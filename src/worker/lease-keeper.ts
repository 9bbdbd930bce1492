import { abortRun, type ActiveRun } from './active-run.js'
import type { WorkerStore } from './port.js'

/** Trust ends this share of the lease before the lease does: time for the handler to hear of it. */
const MARGIN_SHARE = 0.1
/** A lease is extended when this share of it has passed. */
const EXTEND_SHARE = 1 / 3
/** The wait after an extension that Redis did not answer, as a share of the lease. */
const RETRY_SHARE = 1 / 12

/** Keeps the leases of long runs alive, and aborts a run before its lease can pass to somebody else. */
export interface LeaseKeeper {
  /** Begins to watch a run whose lease had `leaseLeftMs` left when the call that brought it was sent. */
  watch(run: ActiveRun, store: WorkerStore, sentAt: number, sentAtWall: number): void
  /**
   * Whether the run may start: its signal has not aborted, and its lease is trusted or was extended just now. A reply
   * that was long on its way, or a process that stood still behind it, brings runs that may be somebody else's by now.
   */
  confirm(run: ActiveRun, store: WorkerStore): Promise<boolean>
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
}

/** How long leases are, by which clocks, and who hears of a loss. */
export interface LeaseKeeperOptions {
  leaseMs: number
  monotonic: () => number
  wall: () => number
  onLost: (run: ActiveRun, reason: string) => void
}

/**
 * Creates the keeper. Trust is counted from the moment an extension was *sent*: an answer that comes late says only
 * that the lease was extended at some moment after that, so a slow success never stretches trust.
 */
export function createLeaseKeeper({ leaseMs, monotonic, wall, onLost }: LeaseKeeperOptions): LeaseKeeper {
  const watched = new Map<ActiveRun, Watched>()
  const trustMs = leaseMs * (1 - MARGIN_SHARE)
  let timer: NodeJS.Timeout | null = null
  let armedFor = Number.POSITIVE_INFINITY

  function isTrusted(run: ActiveRun): boolean {
    return monotonic() < run.trustedUntil && wall() < run.trustedUntilWall
  }

  function arm(at: number): void {
    if (at >= armedFor) return
    if (timer) clearTimeout(timer)
    armedFor = at
    timer = setTimeout(look, Math.max(1, at - monotonic()))
  }

  function follow(run: ActiveRun, store: WorkerStore, extendAt: number): void {
    watched.set(run, { run, store, extendAt, extending: false })
    arm(extendAt)
  }

  function look(): void {
    timer = null
    armedFor = Number.POSITIVE_INFINITY
    const now = monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const entry of watched.values()) {
      if (!isTrusted(entry.run)) {
        lose(entry, 'trust in the lease ran out before it could be extended')
        continue
      }
      if (now >= entry.extendAt && !entry.extending) void extend(entry)
      next = Math.min(next, entry.run.trustedUntil, entry.extending ? Infinity : entry.extendAt)
    }
    if (next < Number.POSITIVE_INFINITY) arm(next)
  }

  function lose(entry: Watched, reason: string): void {
    watched.delete(entry.run)
    if (abortRun(entry.run, 'lease-lost', `the lease of run ${entry.run.claimed.runId} is lost: ${reason}`)) {
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
      if (outcome === 'lost') return lose(entry, 'Redis does not hold it any more')
      run.trustedUntil = sentAt + trustMs
      run.trustedUntilWall = sentAtWall + trustMs
      entry.extendAt = sentAt + leaseMs * EXTEND_SHARE
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
      const left = Math.min(run.claimed.leaseLeftMs, leaseMs) * (1 - MARGIN_SHARE)
      run.trustedUntil = sentAt + left
      run.trustedUntilWall = sentAtWall + left
      // Who has lost trust already asks Redis by `confirm` before anything starts.
      if (isTrusted(run)) follow(run, store, sentAt + left * EXTEND_SHARE)
    },
    async confirm(run, store) {
      const { signal } = run.controller
      if (signal.aborted) return false
      if (isTrusted(run)) return true
      const sentAt = monotonic()
      const sentAtWall = wall()
      const outcome = await store.extendLease(run.claimed).catch(() => 'unknown')
      if (outcome !== 'extended' || signal.aborted) return false
      run.trustedUntil = sentAt + trustMs
      run.trustedUntilWall = sentAtWall + trustMs
      if (!isTrusted(run)) return false
      follow(run, store, sentAt + leaseMs * EXTEND_SHARE)
      return true
    },
    forget: (run) => void watched.delete(run),
    isTrusted,
    stop() {
      if (timer) clearTimeout(timer)
      watched.clear()
    },
  }
}
