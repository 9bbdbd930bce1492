import type { Redis } from 'ioredis'

/** Agenda's own default. */
export const AGENDA_PREFIX = 'agenda:'

/** Reads the jobs of Agenda on Redis, in the order of their keys; writes nothing. */
export async function readAgendaKeys(
  redis: Redis,
  prefix = AGENDA_PREFIX,
): Promise<{ key: string; fields: Record<string, string> }[]> {
  const ids = (await redis.smembers(`${prefix}jobs:all`)).sort()
  const records: { key: string; fields: Record<string, string> }[] = []
  for (const id of ids) {
    const key = `${prefix}job:${id}`
    const fields = await redis.hgetall(key)
    if (Object.keys(fields).length > 0) records.push({ key, fields })
  }
  return records
}
