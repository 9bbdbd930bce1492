/** Whether this worker does its work. */
export interface Health {
  /** Started, connected, and answered by Redis lately, on every shard that it asked about. */
  ok: boolean
  /** `idle` before the start; `stopped` from the call of `stop()` on. */
  state: 'idle' | 'running' | 'stopped'
  /** The id of the worker; null before the start. */
  worker: string | null
  /** Time since Redis last answered a claim or a heartbeat, whole ms; null when it never did. */
  lastContactMs: number | null
  /** Runs that this worker has now. */
  running: number
  /** Runs that it could take beside those; 0 before the start, while it is paused, and after the stop. */
  slotsFree: number
  /** This process's wall clock minus Redis's, whole ms; null before the first answer. */
  skewMs: number | null
  /** Shards, by index from 0, about which Redis has not answered this worker for 12 s. */
  unreachableShards: number[]
}

/** Time without an answer after which a worker is not healthy, ms: two heartbeats and a reconnect. */
const HEALTHY_MS = 12_000

/** What a worker says of its health. */
export interface HealthSource {
  readonly id: string
  readonly runCount: number
  readonly slotsFree: number
  /** When Redis last answered, on the monotonic clock, ms. */
  readonly lastContactAt: number
  /** How long each shard has not answered, ms; 0 where nothing waits for an answer. */
  readonly silentMs: readonly number[]
}

/** Judges a worker, or an instance without one, at an instant of the monotonic clock; `skewMs` is NaN while unknown. */
export function describeHealth(
  state: Health['state'],
  worker: HealthSource | null,
  skewMs: number,
  nowMonotonic: number,
): Health {
  const lastContactMs = worker ? Math.max(0, Math.round(nowMonotonic - worker.lastContactAt)) : null
  const silent = worker?.silentMs ?? []
  const unreachableShards = silent.flatMap((silentMs, shard) => (silentMs >= HEALTHY_MS ? [shard] : []))
  const hasContact = lastContactMs !== null && lastContactMs < HEALTHY_MS && unreachableShards.length === 0
  return {
    ok: state === 'running' && hasContact,
    state,
    worker: worker?.id ?? null,
    lastContactMs,
    running: worker?.runCount ?? 0,
    slotsFree: state === 'running' ? (worker?.slotsFree ?? 0) : 0,
    skewMs: Number.isNaN(skewMs) ? null : Math.round(skewMs),
    unreachableShards,
  }
}
