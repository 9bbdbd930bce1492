import { execFileSync } from 'node:child_process'
import { Redis } from 'ioredis-6'
import { afterAll, describe, expect, it } from 'vitest'
import type { EverybeatOptions } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const clients: Redis[] = []
afterAll(() => {
  for (const client of clients) client.disconnect()
})

it('EVERYBEAT_IOREDIS=6, and nothing else, brings version 6 to tests, sources and the processes that tests start', () => {
  const isSwapped = process.env['EVERYBEAT_IOREDIS'] === '6'
  expect(redis.client instanceof Redis).toBe(isSwapped)
  const script = `import('ioredis').then(async (mine) => console.log(mine.Redis === (await import('ioredis-6')).Redis))`
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim()).toBe(String(isSwapped))
})

describe('with a live client of ioredis 6', () => {
  it('a worker with a live client of ioredis 6 notices new schedules by plain commands as they are written', async () => {
    const client = new Redis(redis.url)
    clients.push(client)
    const beat = fleet.create({ redis: client as unknown as NonNullable<EverybeatOptions['redis']> })
    const ran = new Set<string>()
    beat.task('job', (run) => void ran.add(run.schedule))
    await holdMaintenance(redis.client, [createKeys(fleet.prefix(), 0, 1)])
    await beat.start()
    // The scan for definitions that are older than the watch may find the first schedule.
    for (const name of ['first', 'second', 'third', 'fourth']) {
      await redis.client.hset(`{${fleet.prefix()}}:schedule:${name}`, { task: 'job', every: '100ms' })
      await waitFor(() => ran.has(name), { what: `a run of the ${name}` })
    }
  })

  it('a worker with ioredis 6 fires, notices plain edits, and survives a lost connection', async () => {
    const client = new Redis(redis.url)
    clients.push(client)
    const beat = fleet.create({ redis: client as unknown as NonNullable<EverybeatOptions['redis']> })
    const payloads: unknown[] = []
    beat.task('job', (run) => void payloads.push(run.payload))
    await beat.schedules.put('job', { every: '100ms', payload: 'old' })
    await beat.start()
    await waitFor(() => payloads.includes('old'), { what: 'a run' })
    await redis.client.hset(`{${fleet.prefix()}}:schedule:job`, 'payload', '"new"')
    await waitFor(() => payloads.includes('new'), { what: 'a run of the edited definition' })
    const restored = nextEvent(beat, 'connection:restored')
    await redis.client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await restored
    const before = payloads.length
    await waitFor(() => payloads.length > before + 2, { what: 'runs after the reconnect' })
    // A run may overlap the next instant while the connection is away; none may fail or be given up.
    const outcomes = (await beat.schedules.history('job')).map(({ outcome }) => outcome)
    expect(outcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'skipped')).toEqual([])
  })
})
