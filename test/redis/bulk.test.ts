import { describe, expect, it } from 'vitest'
import { countCommands, scriptCalls, untilQuiet } from '../support/command-counts.js'
import { createKeys } from '../../src/redis/keys.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `s${index}`,
    task: 'yearly',
    cron: '0 0 1 1 *',
    payload: index,
  }))

describe('putMany', () => {
  it('putMany sends many definitions in a call, and announces them in as few messages', async () => {
    const { schedules } = fleet.create()
    const counts = await countCommands(redis.url, async () => void (await schedules.putMany(many(3_000))))
    expect(scriptCalls(counts)).toBeLessThanOrEqual(110)
    expect(counts.get('publish')).toBeLessThanOrEqual(2 * 60)
  })

  it('putMany makes no worker inspect each schedule again, and reports each to listeners', async () => {
    const beat = fleet.create()
    beat.task('yearly', () => {})
    const heard = new Set<string>()
    beat.on('schedule:changed', ({ schedule }) => heard.add(schedule))
    await beat.start()
    await waitFor(async () => ((await redis.client.call('CLIENT', 'LIST')) as string).includes('redir='), {
      what: 'the watch',
    })
    const counts = await countCommands(redis.url, async () => {
      await fleet.create().schedules.putMany(many(5_000))
      await waitFor(() => heard.size === 5_000, { what: 'an event of each schedule' })
      // Twice as long as names are gathered.
      await new Promise<void>((resolve) => setTimeout(resolve, 1_200))
    })
    // A look reads definition and state of each: that would be twice as many again.
    expect(counts.get('hgetall')).toBeLessThan(2 * 5_000 + 2_000)
  })

  it('putMany does not delay the planning of a plain edit at the same time', async () => {
    const beat = fleet.create()
    const ran = new Promise((resolve) => beat.task('fresh', resolve))
    await beat.start()
    const load = fleet.create().schedules.putMany(many(4_000))
    await redis.client.hset(`{${fleet.prefix()}}:schedule:fresh`, 'every', '100ms')
    await ran
    await load
  })
})

describe('sync', () => {
  it('sync of unchanged schedules writes nothing, and reads many schedules in a call', async () => {
    const beat = fleet.create()
    const seen: number[] = []
    const onProgress = ({ done }: { done: number }) => seen.push(done)
    const first = await beat.sync(many(2_500), { owner: 'app', onProgress })
    expect([first.created.length, first.unchanged.length]).toEqual([2_500, 0])
    expect(seen.at(-1)).toBe(2_500)
    const counts = await countCommands(redis.url, async () => {
      const again = await beat.sync(many(2_500), { owner: 'app' })
      expect([again.created.length, again.updated.length, again.unchanged.length]).toEqual([0, 0, 2_500])
    })
    expect(counts.get('hset') ?? 0).toBe(0)
    expect(scriptCalls(counts)).toBeLessThan(60)
  })

  it('sync does not change a schedule that another owner writes during the sync', async () => {
    const beat = fleet.create()
    await fleet.create().schedules.put('s7', { every: '1h', owner: 'other' })
    const result = await beat.sync(many(10), { owner: 'app' })
    expect(result.conflicts).toEqual(['s7'])
    expect(await beat.schedules.get('s7')).toMatchObject({ every: '1h', owner: 'other' })
  })
})

describe('a worker that starts among many schedules', () => {
  it('a worker that starts among many schedules inspects a bounded number of them', async () => {
    await fleet.create().schedules.putMany(many(15_000))
    const beat = fleet.create()
    beat.task('yearly', () => {})
    await holdMaintenance(redis.client, [createKeys(fleet.prefix(), 0, 1)])
    const counts = await countCommands(redis.url, async () => {
      await beat.start()
      await untilQuiet(redis.url)
    })
    expect(counts.get('hgetall')).toBeGreaterThan(15_000)
    // Beside them only what a heartbeat looks at.
    expect(counts.get('hgetall')).toBeLessThanOrEqual(2 * 10_000 + 10)
  })
})

describe('runs', () => {
  it('the list of runs is read in pages, includes parked runs, and has at most the requested number', async () => {
    const beat = fleet.create()
    await beat.schedules.putMany(many(10))
    for (let index = 0; index < 600; index++) await beat.schedules.trigger(`s${index % 10}`)
    const counts = await countCommands(redis.url, async () => {
      expect(await beat.schedules.runs()).toHaveLength(600)
      expect(await beat.schedules.runs({ state: 'waiting', limit: 250 })).toHaveLength(250)
    })
    expect(scriptCalls(counts)).toBeLessThan(20)
    // A worker that has not the task puts them aside.
    await beat.start()
    await waitFor(async () => (await redis.client.zcard(`{${fleet.prefix()}}:pending`)) === 0, {
      what: 'all runs to be parked',
    })
    expect(await beat.schedules.runs({ state: 'waiting' })).toHaveLength(600)
  })
})
