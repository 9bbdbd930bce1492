/** Delay from one backup to the next, ms. */
export const STEP_MS = 5
/** Longest delay of a backup, ms: with very many workers the last ones share it. */
export const MAX_DELAY_MS = 100

/** Occurrences of one instant that one worker takes before a second worker goes for it at once. */
export const CLAIM_COUNT = 10

/** What a worker knows of the fleet and of the instant that is due next. */
export interface DueInstant {
  readonly dueMs: number
  /** How many schedules are due then. */
  readonly dueCount: number
  readonly fleetSize: number
  /** This worker's place in the order of joining, from 0. */
  readonly rank: number
  /** Runs that one worker takes at the same time; the others of the fleet are assumed to be like this one. */
  readonly concurrency?: number
  /** The shard of the schedules; default: the first. */
  readonly shard?: number
  /** Default: 1. */
  readonly shardCount?: number
}

/** When this worker claims an instant, and how much it takes then. */
export interface Stagger {
  /** 0 for the first claimers, more for backups. */
  readonly delayMs: number
  /** Most occurrences to take. */
  readonly maxClaims: number
}

/** Spreads instants over the positions: neighbours in time must not fall to the same worker. */
function mix(dueMs: number): number {
  let hash = Math.imul(Math.floor(dueMs / 10) >>> 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * Decides without a message between workers which of them claim an instant first. The order of joining, rotated by the
 * instant, gives each worker a position. As many workers as the due schedules need claim at once and take an equal
 * share; the others are backups, which wait a little and hear when nothing is left. So the cost of a fire does not grow
 * with the fleet, the load is spread, and the next backup replaces a busy or dead worker within milliseconds. With
 * several shards each worker has a home shard, where it comes before the workers of the others.
 */
export function decideStagger(instant: DueInstant): Stagger {
  const { dueMs, dueCount, fleetSize, rank, concurrency = CLAIM_COUNT, shard = 0, shardCount = 1 } = instant
  const size = Math.max(1, fleetSize)
  const needed = Math.min(size, Math.max(1, Math.ceil(dueCount / Math.min(CLAIM_COUNT, concurrency))))
  const home = { shard, shardCount, size, rotation: mix(dueMs) }
  const position = positionOf(Math.max(0, rank), home)
  if (position < needed) return { delayMs: 0, maxClaims: Math.ceil(Math.max(1, dueCount) / needed) }
  const behind = position - needed + 1
  // The last positions share the rest of the time, or a thousand workers would take seconds to step in.
  return { delayMs: Math.min(behind * STEP_MS, MAX_DELAY_MS + (behind % 64)), maxClaims: Number.MAX_SAFE_INTEGER }
}

interface Home {
  readonly shard: number
  readonly shardCount: number
  readonly size: number
  readonly rotation: number
}

/** Every n-th worker is at home on a shard of n; with fewer workers than shards, each is alone at home on several. */
function positionOf(rank: number, { shard, shardCount, size, rotation }: Home): number {
  const step = Math.min(shardCount, size)
  const first = shard % step
  const homeSize = Math.ceil((size - first) / step)
  if (rank % step === first) return (Math.floor(rank / step) + rotation) % homeSize
  const homeBefore = rank > first ? Math.floor((rank - first - 1) / step) + 1 : 0
  return homeSize + ((rank - homeBefore + rotation) % (size - homeSize))
}
