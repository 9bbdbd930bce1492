/** Whether this worker does its work. */
export interface Health {
  /** Ticking: started, connected, and answered by Redis lately. */
  ok: boolean
  state: 'idle' | 'running' | 'stopped'
  worker: string | null
  /** Since Redis last answered a tick or a heartbeat, ms; null when it never did. */
  lastContactMs: number | null
  running: number
  /** This process's wall clock minus Redis's, ms; null before the first answer. */
  skewMs: number | null
}

/** Without an answer for so long a worker is not healthy, ms: two heartbeats and a reconnect. */
const HEALTHY_MS = 12_000

/** What of a worker tells of its health. */
interface WatchedWorker {
  readonly id: string
  readonly activeRuns: ReadonlyMap<string, unknown>
  /** When Redis last answered, on the monotonic clock. */
  readonly lastContactAt: number
}

/** Judges a worker, or an instance that has none, at an instant of the monotonic clock; `skewMs` is NaN while not known. */
export function describeHealth(
  state: Health['state'],
  worker: WatchedWorker | null,
  skewMs: number,
  monotonicMs: number,
): Health {
  const lastContactMs = worker ? monotonicMs - worker.lastContactAt : null
  return {
    ok: state === 'running' && lastContactMs !== null && lastContactMs < HEALTHY_MS,
    state,
    worker: worker?.id ?? null,
    lastContactMs,
    running: worker?.activeRuns.size ?? 0,
    skewMs: Number.isNaN(skewMs) ? null : skewMs,
  }
}
