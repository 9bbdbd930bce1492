/** Delay from one backup to the next, ms. */
export const STEP_MS = 5
/** Longest delay of a backup, ms; in a very large fleet the last backups have nearly the same delay. */
export const MAX_DELAY_MS = 100

/** Occurrences of one instant for which one worker is a first claimer; each further batch of this size adds one. */
export const CLAIM_COUNT = 10

/** A fleet with more workers is large: only the workers near an instant of few schedules expect it. */
export const LARGE_FLEET = 100
/** Most schedules of an instant that only the workers near it expect. */
const FEW_COUNT = 16
/** An instant that passed this long before a worker is informed of it is overdue, ms: the workers near it failed. */
export const OVERDUE_MS = 100
/** Number of backups near an instant. */
const NEAR_BACKUPS = 15
/** A prime that spreads instants over the ranks of a large fleet, in Lua too. */
const SPREAD_PRIME = 1000003

/** An instant that only the workers near it expect. */
export interface NearInstant {
  /** Epoch ms. */
  readonly dueMs: number
  /** Number of schedules that share the instant. */
  readonly dueCount: number
}

/** The facts about the fleet and the next due from which the stagger follows. */
export interface DueInstant {
  readonly dueMs: number
  /** Number of schedules that share the instant. */
  readonly dueCount: number
  readonly fleetSize: number
  /** This worker's place in the order of joining, from 0. */
  readonly rank: number
  /** Most runs at the same time on this worker; the other workers are assumed to have as many slots. */
  readonly concurrency?: number
  /** The shard of the schedules; default: the first. */
  readonly shard?: number
  /** Default: 1. */
  readonly shardCount?: number
  /** Whether the instant had passed for longer than near backups wait when this worker was informed of it; default: no. */
  readonly isOverdue?: boolean
}

/** When this worker claims an instant, and how many occurrences it takes then. */
export interface Stagger {
  /** 0 for the first claimers, more for backups, Infinity for a worker that does not claim this instant. */
  readonly delayMs: number
  /** Most occurrences to take. */
  readonly maxClaims: number
}

/** Whether only the workers near an instant expect it. */
export function isForNear({ dueCount, fleetSize, shardCount = 1, isOverdue = false }: DueInstant): boolean {
  return fleetSize > LARGE_FLEET && dueCount <= FEW_COUNT && shardCount === 1 && !isOverdue
}

/**
 * The position of a worker among those near an instant; Infinity if it is not near. Scripts compute the same, with numbers
 * that are exact in Lua. The workers near an instant are spread over the order of joining, because workers that joined
 * together often fail together.
 */
function nearPositionOf(rank: number, size: number, dueMs: number): number {
  const spin = Math.floor(dueMs / 10) % SPREAD_PRIME
  const first = ((spin * spin) % SPREAD_PRIME) % size
  const stride = Math.floor(size / (FEW_COUNT + NEAR_BACKUPS))
  const position = ((rank - first + size) % size) / stride
  return Number.isInteger(position) ? position : Number.POSITIVE_INFINITY
}

/** Spreads instants over the positions, so that consecutive instants go to different workers. */
function mix(dueMs: number): number {
  let hash = Math.imul(Math.floor(dueMs / 10) >>> 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * Decides, without messages between workers, which workers claim an instant first. The order of joining, rotated by the
 * instant, gives each worker a position. The due schedules decide how many workers claim at once, each an equal share.
 * The others are backups: they wait a little, and an announcement tells them when nothing is left. So the cost of a
 * fire does not grow with the fleet, the load is spread, and the next backup replaces a busy or dead worker within
 * milliseconds. With several shards each worker has a home shard, where its position precedes those of workers from
 * other shards.
 *
 * In a large fleet only the first claimers of an instant of few schedules and their first backups expect it: the others
 * are not informed, so that a fire does not cost a message to each of a thousand workers. Such a worker claims what the
 * reply to its heartbeat shows as overdue; a large fleet has a heartbeat every few milliseconds.
 */
export function decideStagger(instant: DueInstant): Stagger {
  const { dueMs, dueCount, fleetSize, rank, concurrency = CLAIM_COUNT, shard = 0, shardCount = 1 } = instant
  const size = Math.max(1, fleetSize)
  const needed = Math.min(size, Math.max(1, Math.ceil(dueCount / Math.min(CLAIM_COUNT, concurrency))))
  const home = { shard, shardCount, size, rotation: mix(dueMs) }
  const position = isForNear(instant) ? nearPositionOf(rank, size, dueMs) : positionOf(Math.max(0, rank), home)
  if (position < needed) return { delayMs: 0, maxClaims: Math.ceil(Math.max(1, dueCount) / needed) }
  const behind = position - needed + 1
  if (behind > NEAR_BACKUPS && isForNear(instant)) {
    return { delayMs: Number.POSITIVE_INFINITY, maxClaims: Number.MAX_SAFE_INTEGER }
  }
  // The last positions share the rest of the time; otherwise the backups of a thousand workers would spread over
  // seconds.
  return { delayMs: Math.min(behind * STEP_MS, MAX_DELAY_MS + (behind % 64)), maxClaims: Number.MAX_SAFE_INTEGER }
}

interface Home {
  readonly shard: number
  readonly shardCount: number
  readonly size: number
  readonly rotation: number
}

/**
 * Of n shards, every n-th worker has the same home shard; with fewer workers than shards, each worker has several home
 * shards alone.
 */
function positionOf(rank: number, { shard, shardCount, size, rotation }: Home): number {
  const step = Math.min(shardCount, size)
  const first = shard % step
  const homeSize = Math.ceil((size - first) / step)
  if (rank % step === first) return (Math.floor(rank / step) + rotation) % homeSize
  const homeBefore = rank > first ? Math.floor((rank - first - 1) / step) + 1 : 0
  return homeSize + ((rank - homeBefore + rotation) % (size - homeSize))
}
