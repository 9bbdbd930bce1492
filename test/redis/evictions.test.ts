import { expect, it } from 'vitest'
import { createHealthHandler } from '../../src/index.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** Writes keys of another program until the server has evicted some. */
async function fillMemory(): Promise<void> {
  const evictedCount = async () => Number(/^evicted_keys:(\d+)/m.exec(await redis.client.info('stats'))?.[1])
  const before = await evictedCount()
  for (let index = 0; (await evictedCount()) === before; index++)
    await redis.client.set(`cache:${index}`, 'x'.repeat(100_000))
}

it('the health of a worker is not ok while its server evicts keys, names the reason, and fails a probe', async () => {
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1])
  await redis.client.config('SET', 'maxmemory', String(used + 3_000_000))
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru')
  const warnings: string[] = []
  const ignore = () => {}
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (line: string) => void warnings.push(line) }
  const beat = fleet.create({ logger })
  await beat.start()
  expect(beat.health()).toMatchObject({ ok: true, reasons: [], evicting: false, connected: true })
  await waitFor(() => warnings.some((line) => line.includes('maxmemory-policy allkeys-lru')), {
    what: 'the warning about the rights of the server',
  })
  const told = nextEvent(beat, 'error', ({ context }) => context === 'eviction', 30_000)
  await fillMemory()
  expect(await told).toMatchObject({ name: 'EvictionError', message: expect.stringContaining('noeviction') })
  expect(beat.health()).toMatchObject({ ok: false, evicting: true, connected: true })
  expect(beat.health().reasons).toEqual([expect.stringContaining('the server evicts keys')])
  const ready = createHealthHandler(beat)(new Request('http://localhost/readyz'))
  expect(ready.status).toBe(503)
}, 60_000)
