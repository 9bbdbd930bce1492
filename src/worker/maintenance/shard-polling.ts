/** How often a quiet shard is polled, ms; a shard with activity is polled with each heartbeat. */
export const QUIET_MS = 30_000
/**
 * How often the first backup polls a quiet shard, ms; each further backup polls as much later. While something happens there, or
 * runs are active, backups poll with each heartbeat too: runs whose worker died do not wait for a tender that cannot reach
 * the shard.
 */
export const BACKUP_MS = 15_000
/** How many workers poll a shard beside the one that tends it: it may not reach the shard. */
const BACKUP_COUNT = 2

/**
 * The position of a worker among those that poll a shard: 0 tends it, the next ones are its backups, the others do not
 * poll it (null). The ranks of the fleet are dealt out to the shards, so that each worker tends as few as can be.
 *
 * @param rank the worker's place in the order of joining, from 0
 */
export function pollingPosition(shard: number, fleetSize: number, rank: number): number | null {
  const size = Math.max(1, fleetSize)
  const position = (((rank - shard) % size) + size) % size
  return rank < size && position <= BACKUP_COUNT ? position : null
}

/** What a worker knows of a shard when it decides whether to poll it with this heartbeat. */
export interface ShardSigns {
  /** This worker's {@link pollingPosition}. */
  readonly position: number | null
  /** Time since this worker polled the shard, ms. */
  readonly polledMs: number
  /** Whether something happened on the shard since then, or runs were active. */
  readonly hasActivity: boolean
  /** Whether edits are seen as they happen; where they are not, each poll brings a part of the search for them. */
  readonly isWatched: boolean
  /** Active runs of this worker on the shard: the message that one was cancelled may wait for them. */
  readonly ownRunCount: number
  /** Whether this worker was elected by its last poll although it is a backup, and runs were active: no other worker polls. */
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
