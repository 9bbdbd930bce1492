import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import type { ShardReach } from './shard-reach.js'

/** Hashes that are requested at once. */
const AT_ONCE = 200

/**
 * The activity by the number of the minute, and the indexes of the shards that did not answer, whose activity is
 * missing.
 */
export interface MinuteReply {
  readonly minutes: Map<number, [field: string, count: number][]>
  readonly unreachable: number[]
}

/** Reads the activity of some minutes on every shard, without empty minutes. */
export async function readMinutes(
  client: RedisClient,
  { shards, reach }: { shards: number; reach: ShardReach },
  first: number,
  last: number,
): Promise<MinuteReply> {
  const found = new Map<number, [string, number][]>()
  const unreachable: number[] = []
  for (let shard = 0; shard < shards; shard++) {
    for (let start = first; start <= last; start += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, last - start + 1) }, (_, index) => start + index)
      const hashes = await reach.tryAsk(shard, (keys) => readHashes(client, keys, numbers))
      if (hashes === null) {
        unreachable.push(shard)
        break
      }
      for (const [index, hash] of hashes.entries()) {
        const fields = Object.entries(hash).map(([field, count]): [string, number] => [field, Number(count)])
        if (fields.length > 0) found.set(numbers[index]!, [...(found.get(numbers[index]!) ?? []), ...fields])
      }
    }
  }
  return { minutes: found, unreachable }
}

function readHashes(client: RedisClient, keys: Keys, numbers: readonly number[]): Promise<Record<string, string>[]> {
  return Promise.all(numbers.map((number) => readHash(client, keys.minute(number))))
}

/** Reads a hash; a key that was overwritten with another type counts as empty. */
async function readHash(client: RedisClient, key: string): Promise<Record<string, string>> {
  try {
    return await client.hgetall(key)
  } catch (error) {
    if (/^WRONGTYPE/.test((error as Error).message)) return {}
    throw error
  }
}
