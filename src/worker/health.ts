/** Whether this worker does its work. */
export interface Health {
  /** Connected, and the server keeps what it is given. */
  ok: boolean
  /** Why `ok` is false, one sentence each; empty while it is true. */
  reasons: string[]
  /** `idle` before the start; `stopped` from the call of `stop()` on. */
  state: 'idle' | 'running' | 'stopped'
  /** Started, and Redis has answered lately, on every shard that this worker asked about. */
  connected: boolean
  /** The server has evicted keys within the last minute: schedules, states and leases may be among them. */
  evicting: boolean
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
  /** Whether a server has evicted keys lately. */
  readonly isEvicting: boolean
}

/** Judges a worker, or an instance without one, at an instant of the monotonic clock; `skewMs` is NaN while unknown. */
export function describeHealth(
  stage: Health['state'] | 'starting',
  worker: HealthSource | null,
  skewMs: number,
  nowMonotonic: number,
): Health {
  const state = stage === 'starting' ? 'idle' : stage
  const lastContactMs = worker ? Math.max(0, Math.round(nowMonotonic - worker.lastContactAt)) : null
  const silent = worker?.silentMs ?? []
  const unreachableShards = silent.flatMap((silentMs, shard) => (silentMs >= HEALTHY_MS ? [shard] : []))
  const evicting = worker?.isEvicting ?? false
  const reasons = reasonsOf({ state, lastContactMs, unreachableShards, evicting })
  return {
    ok: reasons.length === 0,
    reasons,
    state,
    connected: state === 'running' && isRecent(lastContactMs) && unreachableShards.length === 0,
    evicting,
    worker: worker?.id ?? null,
    lastContactMs,
    running: worker?.runCount ?? 0,
    slotsFree: state === 'running' ? (worker?.slotsFree ?? 0) : 0,
    skewMs: Number.isNaN(skewMs) ? null : Math.round(skewMs),
    unreachableShards,
  }
}

function isRecent(lastContactMs: number | null): boolean {
  return lastContactMs !== null && lastContactMs < HEALTHY_MS
}

/** Why a worker does not do its work. */
function reasonsOf(health: Pick<Health, 'state' | 'lastContactMs' | 'unreachableShards' | 'evicting'>): string[] {
  const { state, lastContactMs, unreachableShards: shards, evicting } = health
  if (state !== 'running') return [state === 'idle' ? 'the worker is not started' : 'the worker is stopped']
  const reasons: string[] = []
  if (!isRecent(lastContactMs)) {
    reasons.push(`Redis has not answered for ${Math.round((lastContactMs ?? 0) / 1_000)} s`)
  }
  if (shards.length > 0) {
    reasons.push(`${shards.length === 1 ? 'shard' : 'shards'} ${shards.join(', ')} did not answer for 12 s`)
  }
  if (evicting) {
    reasons.push(
      'the server evicts keys to stay within maxmemory: schedules, states and leases may be among them; set maxmemory-policy to noeviction',
    )
  }
  return reasons
}
