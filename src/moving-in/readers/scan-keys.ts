import type { Redis } from 'ioredis'

/** Keys that begin with a prefix and are of a type; a prefix may hold any character. */
export async function scanKeys(redis: Redis, prefix: string, type: 'hash' | 'zset'): Promise<Set<string>> {
  const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000, 'TYPE', type)
    for (const key of keys) found.add(key)
    cursor = next
  } while (cursor !== '0')
  return found
}
