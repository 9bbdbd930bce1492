import type { Redis } from 'ioredis'

/** What the clock of a Redis server shows, whole epoch ms: the clock by which a fleet decides. */
export async function readServerTime(client: Pick<Redis, 'time'>): Promise<number> {
  const [seconds, micros] = await client.time()
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
}
