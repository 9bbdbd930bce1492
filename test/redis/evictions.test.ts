import type { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { createHealthHandler } from '../../src/index.js'
import { EvictionWatch } from '../../src/redis/stores/eviction-watch.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { createSteppedTime } from '../support/stepped-time.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const promoted = useRedis()
const fleet = useFleet(redis)

const factOf = async (client: Redis, field: string) =>
  new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await client.info('all'))![1]!

/** Lets a server evict keys once its memory is full. */
async function limitMemory(client: Redis): Promise<void> {
  await client.config('SET', 'maxmemory', String(Number(await factOf(client, 'used_memory')) + 3_000_000))
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
}

/** Writes keys until a server has evicted some. */
async function fillMemory(client: Redis): Promise<void> {
  const before = await factOf(client, 'evicted_keys')
  for (let index = 0; (await factOf(client, 'evicted_keys')) === before; index += 1)
    await client.set(`cache:${index}`, 'x'.repeat(100_000))
}

it('the health of a worker is not ok while its server evicts keys, names the reason, and fails a probe', async () => {
  await limitMemory(redis.client)
  const warnings: string[] = []
  const ignore = () => {}
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (line: string) => void warnings.push(line) }
  const beat = fleet.create({ logger })
  await beat.start()
  expect(beat.health()).toMatchObject({ ok: true, reasons: [], evicting: false, connected: true })
  await waitFor(() => warnings.some((line) => line.includes('maxmemory-policy allkeys-lru')), {
    what: 'the warning about the policy of the server',
  })
  const told = nextEvent(beat, 'error', ({ context }) => context === 'eviction', 30_000)
  await fillMemory(redis.client)
  expect(await told).toMatchObject({ name: 'EvictionError', message: expect.stringContaining('noeviction') })
  expect(beat.health()).toMatchObject({ ok: false, evicting: true, connected: true })
  expect(beat.health().reasons).toEqual([expect.stringContaining('the server evicts keys')])
  const ready = createHealthHandler(beat)(new Request('http://localhost/readyz'))
  expect(ready.status).toBe(503)
}, 60_000)

it('the watch of evictions takes the count of a promoted server for no eviction, and sees the next one', async () => {
  await limitMemory(redis.client)
  await limitMemory(promoted.client)
  await fillMemory(promoted.client)
  const client = redis.connect()
  const time = createSteppedTime(0)
  const seen: string[] = []
  const watch = new EvictionWatch(client, time, {
    onPolicy: (policy) => void seen.push(policy),
    onEvicted: () => void seen.push('evicted'),
  })
  onTestFinished(() => watch.stop())
  watch.start()
  await waitFor(() => seen.length === 1, { what: 'the first reading' })
  // The client comes back on the promoted server, as after a failover.
  client.options.port = promoted.port
  client.disconnect(true)
  const runId = await factOf(promoted.client, 'run_id')
  await waitFor(async () => (await factOf(client, 'run_id')) === runId, { what: 'the promoted server' })
  await time.advance(10_000)
  // Its reply comes after those of the reading.
  await client.ping()
  await new Promise(setImmediate)
  expect(watch.isEvicting).toBe(false)
  await fillMemory(promoted.client)
  await time.advance(10_000)
  await waitFor(() => watch.isEvicting, { what: 'the reading of the next eviction' })
  expect(seen).toEqual(['allkeys-lru', 'evicted'])
})
