/** The health of one worker. */
export interface Health {
  /** Whether the worker is connected and its server evicts no keys. */
  ok: boolean
  /** The reasons why `ok` is false, as sentences; empty while it is true. */
  reasons: string[]
  /** `idle` before the start; `stopped` from the call of `stop()` on. */
  state: 'idle' | 'running' | 'stopped'
  /**
   * Whether the worker is started and Redis has answered within the last 12 s, for every shard that this worker asked
   * about.
   */
  connected: boolean
  /** The server has evicted keys within the last minute: schedules, states and leases may be among them. */
  evicting: boolean
  /** The id of the worker; null before the start. */
  worker: string | null
  /** Time since the last answer of Redis to a claim or a heartbeat, whole ms; null before the first. */
  lastContactMs: number | null
  /** Number of the runs of this worker. */
  running: number
  /** Number of its free slots; 0 before the start, while it is paused, and after the stop. */
  slotsFree: number
  /** This process's wall clock minus Redis's, whole ms; null before the first answer. */
  skewMs: number | null
  /** Indexes, from 0, of the shards for which Redis has not answered this worker for 12 s. */
  unreachableShards: number[]
}

/** Time without an answer after which a worker is not healthy, ms: two heartbeats and a reconnect. */
const HEALTHY_MS = 12_000

/** The facts of a worker from which its health follows. */
export interface HealthSource {
  readonly id: string
  readonly runCount: number
  readonly slotsFree: number
  /** When Redis last answered, on the monotonic clock, ms. */
  readonly lastContactAt: number
  /** Waiting time of the oldest unanswered request of each shard, ms; 0 for none. */
  readonly silentMs: readonly number[]
  /** Whether a server has evicted keys within the last minute. */
  readonly isEvicting: boolean
}

/**
 * Describes the health of a worker, or of an instance without one, at an instant of the monotonic clock; `skewMs` is
 * NaN while unknown.
 */
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

/** The reasons why a worker is not healthy. */
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
