import { withSourceRedis } from '../moving-in/index.js'

const MOST_PREFIXES = 10
/** Most calls of the search, for about a million keys. */
const MOST_SCANS = 1_000

/** The prefixes of fleets in the same Redis, at most ten. Best effort: none for a server that refuses the search. */
export async function findOtherPrefixes(url: string, own: string): Promise<string[]> {
  const found = new Set<string>()
  const search = withSourceRedis(url, async (redis) => {
    let cursor = '0'
    for (let scans = 0; scans < MOST_SCANS && found.size < MOST_PREFIXES; scans++) {
      const [next, keys] = await redis.scan(cursor, 'MATCH', '{*}:names', 'COUNT', 1_000)
      // With several shards the tag ends in the number of the shard.
      for (const key of keys) found.add(key.slice(1, key.lastIndexOf('}')).replace(/:\d+$/, ''))
      cursor = next
      if (cursor === '0') break
    }
  })
  await search.catch(() => undefined)
  found.delete(own)
  return [...found].sort().slice(0, MOST_PREFIXES)
}
