/** A worker that is not needed at an instant looks this much later whether it is after all, ms. */
export const STEP_MS = 5
/** The longest that a worker holds back, ms: with very many workers the last ones share it. */
export const MAX_HOLDBACK_MS = 100

/** As many occurrences of one instant one worker takes before a second one is sent for: one claim brings them all. */
export const TURN_COUNT = 10

/** What a worker knows of the fleet and of the instant that comes next. */
export interface Instant {
  readonly headMs: number
  /** How many schedules are due then. */
  readonly count: number
  readonly fleetSize: number
  /** This worker's place in the order of joining. */
  readonly rank: number
  /** Runs that one worker takes at the same time; the others of the fleet are believed to be like this one. */
  readonly concurrency?: number
  /** The shard they are on, of so many; default: the only one. */
  readonly shard?: number
  readonly shards?: number
}

/** When this worker goes for an instant, and how much it takes then. */
export interface Turn {
  readonly delayMs: number
  readonly share: number
}

/** Spreads instants over the places: neighbours in time must not fall to the same worker. */
function mix(headMs: number): number {
  let hash = Math.imul(Math.floor(headMs / 10) >>> 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * Decides without a message between workers who goes for an instant: the order of joining, turned by the instant, gives
 * each worker a place; as many places as the schedules that are due need go at once and take an equal share, the others hold
 * back a little and are told when nothing is left. So the cost of a fire does not grow with the fleet, the load is
 * spread, and the next place steps in within milliseconds for one that is busy or dead. With several shards each worker
 * has its own, where it comes before the workers of the others.
 */
export function decideTurn(instant: Instant): Turn {
  const { headMs, count, fleetSize, rank, concurrency = TURN_COUNT, shard = 0, shards = 1 } = instant
  const size = Math.max(1, fleetSize)
  const needed = Math.min(size, Math.max(1, Math.ceil(count / Math.min(TURN_COUNT, concurrency))))
  const place = placeOf(Math.max(0, rank), size, mix(headMs), shard, shards)
  if (place < needed) return { delayMs: 0, share: Math.ceil(Math.max(1, count) / needed) }
  const behind = place - needed + 1
  // The last places share what is left of the time, or a thousand workers would take seconds to step in.
  return { delayMs: Math.min(behind * STEP_MS, MAX_HOLDBACK_MS + (behind % 64)), share: Number.MAX_SAFE_INTEGER }
}

/** Every n-th worker is at home on a shard of n; with fewer workers than shards, each is alone at home on several. */
function placeOf(rank: number, size: number, turn: number, shard: number, shards: number): number {
  const step = Math.min(shards, size)
  const first = shard % step
  const homeSize = Math.ceil((size - first) / step)
  if (rank % step === first) return (Math.floor(rank / step) + turn) % homeSize
  const homeBefore = rank > first ? Math.floor((rank - first - 1) / step) + 1 : 0
  return homeSize + ((rank - homeBefore + turn) % (size - homeSize))
}
