import type { Redis } from 'ioredis'
import type { BullmqRecord } from '../bullmq.js'
import { scanKeys } from './scan-keys.js'

/** BullMQ's own default. */
export const BULLMQ_PREFIX = 'bull'

/**
 * Reads the job schedulers of every queue under a prefix; writes nothing. They come from the sorted set of each queue,
 * because pending jobs share the prefix of the hashes and ids may hold any character.
 */
export async function readBullmqKeys(redis: Redis, prefix = BULLMQ_PREFIX): Promise<BullmqRecord[]> {
  const indexes = [...(await scanKeys(redis, `${prefix}:`, 'zset'))].filter((key) => key.endsWith(':repeat')).sort()
  const records: BullmqRecord[] = []
  for (const index of indexes) {
    const queue = index.slice(prefix.length + 1, -':repeat'.length)
    const members = await redis.zrange(index, 0, -1, 'WITHSCORES')
    for (let at = 0; at < members.length; at += 2) {
      const id = members[at]!
      const key = `${index}:${id}`
      const fields = await redis.hgetall(key).catch(() => ({}))
      const nextMs = Number(members[at + 1])
      records.push({ queue, id, key, nextMs, fields: Object.keys(fields).length === 0 ? null : fields })
    }
  }
  return records
}
