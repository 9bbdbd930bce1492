/**
 * Says whether a worker tends a shard: its places in the fleet are dealt out to the shards, so that each shard has
 * somebody who looks after it, and a worker has as few to look after as can be.
 *
 * @param rank the worker's place in the order of joining, from 0
 */
export function tendsShard(shard: number, fleetSize: number, rank: number): boolean {
  return rank === shard % Math.max(1, fleetSize)
}

/** How often a shard is looked after on which nothing stirs, ms; one on which something does, with each beat. */
export const QUIET_MS = 30_000

/** What a worker knows of a shard when it decides whether to look after it in this beat. */
export interface ShardSigns {
  /** Whether it is this worker's to tend. */
  readonly tends: boolean
  /** Since this worker looked, ms. */
  readonly lookedMs: number
  /** Whether something moved since then, or runs were going. */
  readonly stirred: boolean
  /** Whether edits are seen as they happen; where they are not, each look brings a part of the search for them. */
  readonly watched: boolean
  /** Runs of this shard that go here: word that one was cancelled may wait for them. */
  readonly ownRuns: number
}

/** Decides whether to look after a shard in this beat. */
export function decideLook({ tends, lookedMs, stirred, watched, ownRuns }: ShardSigns): boolean {
  if (ownRuns > 0) return true
  return tends && (stirred || !watched || lookedMs >= QUIET_MS)
}
