import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { nextEvent } from '../support/fleet.js'
import { importWithLayout } from '../support/other-layout.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
let versions: Record<'older' | 'ours' | 'newer', typeof Everybeat>

beforeAll(async () => {
  versions = {
    older: (await importWithLayout('0')).Everybeat as unknown as typeof Everybeat,
    ours: Everybeat,
    newer: (await importWithLayout('2')).Everybeat as unknown as typeof Everybeat,
  }
})

function create(version: keyof typeof versions, prefix: string, options: EverybeatOptions = {}): Everybeat {
  const beat = new versions[version]({ redis: redis.url, prefix, logger: false, ...options })
  onTestFinished(() => beat.stop({ timeoutMs: 500 }))
  return beat
}

/** Counts what runs here of a schedule that fires all the time. */
async function runTicks(beat: Everybeat): Promise<{ count: number }> {
  const ran = { count: 0 }
  const tick = beat.task('tick', () => void ran.count++)
  await tick.schedule('tick', { every: 200 })
  await beat.start()
  await waitFor(() => ran.count >= 2, { what: 'runs' })
  return ran
}

describe('two layouts in one fleet', () => {
  it.each([
    ['newer', 'ours', /layout 1, this version knows layout 2.*run the version that wrote them/],
    ['older', 'ours', /layout 1, this version knows layout 0.*upgrade/],
    ['ours', 'newer', /layout 2, this version knows layout 1.*upgrade/],
    ['ours', 'older', /layout 0, this version knows layout 1.*run the version that wrote them/],
  ] as const)(
    'a worker with the layout %s is refused in a fleet with the layout %s, and the fleet continues',
    async (late, first, why) => {
      const prefix = uniquePrefix('layouts')
      const ran = await runTicks(create(first, prefix))
      const other = create(late, prefix)
      other.task('tick', () => {})
      await expect(other.start()).rejects.toMatchObject({
        code: 'ERR_EVERYBEAT_LAYOUT',
        message: expect.stringMatching(why),
      })
      await expect(create(late, prefix).schedules.put('a', { every: '1h' })).rejects.toMatchObject({
        code: 'ERR_EVERYBEAT_LAYOUT',
      })
      const before = ran.count
      await waitFor(() => ran.count > before + 2, { what: 'the fleet to continue' })
      expect(await redis.client.hget(`{${prefix}}:meta`, 'layout')).toBe({ older: '0', ours: '1', newer: '2' }[first])
      expect(await redis.client.exists(`{${prefix}}:schedule:a`)).toBe(0)
    },
  )

  it('a worker whose layout is changed in Redis stops its claims, reports it once, and claims again when the layout is restored', async () => {
    const prefix = uniquePrefix('layouts')
    const beat = create('ours', prefix)
    const told: unknown[] = []
    beat.on('error', (event) => told.push(event))
    const ours = await runTicks(beat)
    const [refusal] = await Promise.all([
      nextEvent(beat, 'error', ({ code }) => code === 'ERR_EVERYBEAT_LAYOUT'),
      redis.client.hset(`{${prefix}}:meta`, 'layout', '2'),
      redis.client.publish(`{${prefix}}:wake`, 'layout'),
    ])
    expect(refusal).toMatchObject({ context: 'layout', message: expect.stringContaining('claims nothing') })
    const stopped = ours.count
    const theirs = await runTicks(create('newer', prefix))
    // In this time the older worker sends heartbeats.
    await waitFor(() => theirs.count >= 30, { what: 'runs of the newer worker' })
    expect(ours.count).toBe(stopped)
    expect(told).toHaveLength(1)
    await redis.client.hset(`{${prefix}}:meta`, 'layout', '1')
    await redis.client.publish(`{${prefix}}:wake`, 'layout')
    await waitFor(() => ours.count > stopped + 2, { what: 'the old worker to continue' })
  })

  it('the layout is stored again after a flush, so that another layout is refused then too', async () => {
    const prefix = uniquePrefix('layouts')
    await runTicks(create('ours', prefix))
    await redis.client.flushall()
    await waitFor(async () => (await redis.client.hget(`{${prefix}}:meta`, 'layout')) === '1', {
      what: 'the layout to be stored',
    })
    await expect(create('newer', prefix).start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_LAYOUT' })
  })

  it('layout and number of shards are stored again after a flush in the key that every number of shards reads', async () => {
    const prefix = uniquePrefix('layouts')
    await runTicks(create('ours', prefix, { shards: 4 }))
    await redis.client.flushall()
    await waitFor(async () => (await redis.client.hget(`{${prefix}}:meta`, 'shards')) === '4', {
      what: 'the number of shards to be stored',
    })
    await expect(create('ours', prefix).schedules.put('a', { every: '1h' })).rejects.toThrow(/allowed: 4, the shards/)
    await expect(create('newer', prefix, { shards: 4 }).start()).rejects.toThrow(/layout 1/)
  })
})
