import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'

/** Hashes that are asked for at once. */
const AT_ONCE = 200

/** Reads the activity of some minutes on every shard; a minute without any is left out. */
export async function readMinutes(
  client: RedisClient,
  shards: readonly Keys[],
  first: number,
  last: number,
): Promise<Map<number, [field: string, count: number][]>> {
  const found = new Map<number, [string, number][]>()
  const wanted: { number: number; key: string }[] = []
  for (let number = first; number <= last; number++) {
    for (const keys of shards) wanted.push({ number, key: keys.minute(number) })
  }
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    const batch = wanted.slice(start, start + AT_ONCE)
    const hashes = await Promise.all(batch.map(({ key }) => readHash(client, key)))
    for (const [index, hash] of hashes.entries()) {
      const fields = Object.entries(hash).map(([field, count]): [string, number] => [field, Number(count)])
      if (fields.length === 0) continue
      const { number } = batch[index]!
      found.set(number, [...(found.get(number) ?? []), ...fields])
    }
  }
  return found
}

/** A key that was overwritten with another type has nothing to say. */
async function readHash(client: RedisClient, key: string): Promise<Record<string, string>> {
  try {
    return await client.hgetall(key)
  } catch (error) {
    if (/^WRONGTYPE/.test((error as Error).message)) return {}
    throw error
  }
}
