import type { Redis } from 'ioredis'
import type { RedbeatRecord } from '../redbeat.js'
import { scanKeys } from './scan-keys.js'

/** redbeat's own default. */
export const REDBEAT_PREFIX = 'redbeat:'

/** The entries of redbeat in Redis, and whether a beat is running. */
export interface RedbeatKeys {
  records: RedbeatRecord[]
  /** Whether a beat holds its lock. */
  isLocked: boolean
}

/** Reads redbeat's keys; writes nothing. Entries come in the order of their names. */
export async function readRedbeatKeys(redis: Redis, prefix = REDBEAT_PREFIX): Promise<RedbeatKeys> {
  const own = [`${prefix}:schedule`, `${prefix}:statics`, `${prefix}:lock`]
  const scheduled = new Set(await redis.zrange(own[0]!, 0, -1))
  const statics = new Set(await redis.smembers(own[1]!))
  const isLocked = (await redis.exists(own[2]!)) === 1
  const hashes = await scanKeys(redis, prefix, 'hash')
  const keys = [...new Set([...hashes, ...scheduled])]
    .filter((key) => !own.includes(key) && key.startsWith(prefix))
    .sort()
  const records: RedbeatRecord[] = []
  for (const key of keys) {
    const isHash = hashes.has(key)
    const [definition = null, meta = null] = isHash ? await redis.hmget(key, 'definition', 'meta') : []
    if (isHash && definition === null) continue
    const isStatic = statics.has(key.slice(prefix.length))
    records.push({ key, prefix, definition, meta, isScheduled: scheduled.has(key), isStatic })
  }
  return { records, isLocked }
}
