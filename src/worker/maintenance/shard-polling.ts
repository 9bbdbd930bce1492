/** Interval of polls of a quiet shard, ms; a shard with activity is polled with each heartbeat. */
export const QUIET_MS = 30_000
/**
 * Interval of polls of a quiet shard by its first backup, ms; each further backup adds as much. While the shard has
 * activity, backups poll with each heartbeat too, so that runs of a dead worker do not wait for a tender that cannot
 * reach the shard.
 */
export const BACKUP_MS = 15_000
/** Number of backups of a shard: workers that poll it too, in case its tender cannot reach it. */
const BACKUP_COUNT = 2

/**
 * The position of a worker among those that poll a shard: 0 for its tender, 1 and 2 for its backups, null for the
 * others, which do not poll it. The tenders are spread over the fleet, so that each worker tends as few shards as
 * possible.
 *
 * @param rank the worker's place in the order of joining, from 0
 */
export function pollingPosition(shard: number, fleetSize: number, rank: number): number | null {
  const size = Math.max(1, fleetSize)
  const position = (((rank - shard) % size) + size) % size
  return rank < size && position <= BACKUP_COUNT ? position : null
}

/** The facts about a shard from which a worker decides whether to poll it with this heartbeat. */
export interface ShardSigns {
  /** This worker's {@link pollingPosition}. */
  readonly position: number | null
  /** Time since this worker polled the shard, ms. */
  readonly polledMs: number
  /** Whether the shard changed since then, or runs were active. */
  readonly hasActivity: boolean
  /** Whether a definition watch reports edits; without one, each poll makes a part of the sweep. */
  readonly isWatched: boolean
  /** Number of active runs of this worker on the shard: a poll may bring the cancellation of one. */
  readonly ownRunCount: number
  /**
   * Whether the last poll elected this worker although it is a backup, while runs were active: then no other worker
   * polls.
   */
  readonly isAlone: boolean
}

/** Decides whether to poll a shard with this heartbeat. */
export function decidePoll(signs: ShardSigns): boolean {
  const { position, polledMs, hasActivity, isWatched, ownRunCount, isAlone } = signs
  if (ownRunCount > 0) return true
  if (position === null) return false
  if (position === 0) return hasActivity || !isWatched || polledMs >= QUIET_MS
  return isAlone || hasActivity || polledMs >= BACKUP_MS * position
}
