import type { Redis } from 'ioredis'

/** What a fleet takes of its server at one moment. */
export interface RedisSize {
  readonly memoryBytes: number
  readonly keyCount: number
  /** Members of the indexes that all schedules share: names, what is due, what runs, who lives, lanes, and so on. */
  readonly memberCount: number
}

/** A key that is left: `ttlMs` null means that it stays for ever. */
export interface LeftKey {
  readonly key: string
  readonly type: string
  readonly ttlMs: number | null
  /** Members, of a sorted set. */
  readonly memberCount?: number
}

/** What stays for ever when every schedule is removed and every worker has stopped, below the tag of the prefix. */
export const LASTING_KEYS = ['meta'] as const

/**
 * Keys that may stay in an idle fleet, with their largest number of members: slots of a task with a fleet-wide limit, of
 * runs whose worker died after the removal of their schedule. The next claims remove them.
 */
export const BOUNDED_KEYS: Readonly<Record<string, number>> = { 'busy:limited': 3 }

const INDEXES = ['due', 'pending', 'running', 'names', 'workers', 'ranks'] as const

/** Reads how large it is. */
export async function readSize(redis: Redis, prefix: string): Promise<RedisSize> {
  const [info, keyCount] = await Promise.all([redis.info('memory'), redis.dbsize()])
  const counts = await Promise.all([
    ...INDEXES.map((name) => redis.zcard(`{${prefix}}:${name}`)),
    redis.scard(`{${prefix}}:lanes`),
    redis.hlen(`{${prefix}}:meta`),
    redis.zcard(`{${prefix}}:busy:limited`),
  ])
  const memoryBytes = Number(/^used_memory:(\d+)/m.exec(info)?.[1])
  return { memoryBytes, keyCount, memberCount: counts.reduce((sum, count) => sum + count, 0) }
}

/** Every key of the server. */
export async function listKeys(redis: Redis): Promise<LeftKey[]> {
  const left: LeftKey[] = []
  for (const key of (await redis.keys('*')).sort()) {
    const [type, ttlMs] = [await redis.type(key), await redis.pttl(key)]
    // One that ended between the two calls is not left.
    if (type === 'none' || ttlMs === -2) continue
    const members = type === 'zset' ? { memberCount: await redis.zcard(key) } : {}
    left.push({ key, type, ttlMs: ttlMs === -1 ? null : ttlMs, ...members })
  }
  return left
}

/** Those of them that no program will ever delete, beyond {@link LASTING_KEYS} and {@link BOUNDED_KEYS}. */
export function findLitter(left: readonly LeftKey[], prefix: string): LeftKey[] {
  const lasting = new Set(LASTING_KEYS.map((name) => `{${prefix}}:${name}`))
  return left.filter(({ key, ttlMs, memberCount = 0 }) => {
    const bound = BOUNDED_KEYS[key.slice(prefix.length + 3)]
    return ttlMs === null && !lasting.has(key) && (bound === undefined || memberCount > bound)
  })
}
