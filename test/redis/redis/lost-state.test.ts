import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createDaily, createScriptedFleet, DAY, pastDays, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t3] = pastDays(1) as [number]

/** Claims; what is handed back is planned as a worker plans it, until nothing is due. */
async function runAll(fleet: ScriptedFleet): Promise<string[]> {
  const worker = fleet.worker('w')
  const ids: string[] = []
  for (;;) {
    const { runs, needsPlanning } = await worker.claim()
    for (const run of runs) await worker.settle(run)
    ids.push(...runs.map(({ runId }) => runId))
    if (runs.length === 0 && needsPlanning.length === 0) return ids
    for (const { name } of needsPlanning) {
      while ((await fleet.store.storePlan(await fleet.decide(name))) === 'moved');
    }
  }
}

describe('a schedule that lost its state but not its history', () => {
  it.each(['claim', 'inspection', 'put'])(
    'a one-shot that lost its state but not its history does not run again: found by a %s',
    async (how) => {
      const fleet = createScriptedFleet(redis)
      const once = { task: 'work', at: new Date(Date.now() - 1_000) }
      await fleet.control.schedules.put('once', once)
      expect(await runAll(fleet)).toHaveLength(1)
      await fleet.client.del(fleet.keys.state('once'))
      if (how === 'claim') await fleet.client.zadd(fleet.keys.due, 0, 'once')
      if (how === 'put') await fleet.control.schedules.put('once', once)
      if (how === 'inspection') {
        const page = { after: '', count: 10, cursor: '', scanCount: 0 }
        const { toPlan } = await fleet.worker('w').store.inspect(page)
        expect(toPlan).toEqual(['once'])
        while ((await fleet.store.storePlan(await fleet.decide('once'))) === 'moved');
      }
      expect(await runAll(fleet)).toEqual([])
      expect((await fleet.state('once')).plan).toBe('.')
    },
  )

  it('a schedule that lost its state but not its history continues the count towards its limit, without manual runs', async () => {
    const fleet = await createDaily(redis, { limit: 3 })
    const worker = fleet.worker('w')
    await worker.settle(await worker.claimOne())
    await fleet.store.enqueue('it', null)
    await worker.settle(await worker.claimOne())
    await fleet.client.del(fleet.keys.state('it'))
    await fleet.client.zadd(fleet.keys.due, 0, 'it')
    await runAll(fleet)
    expect(await fleet.state('it')).toMatchObject({ last: String(t3), seen: '1', plan: String(t3 + DAY) })
  })

  it('a schedule that lost its state but not its history runs the rest of its backfill', async () => {
    const fleet = await createDaily(redis)
    await fleet.plan('it', String(t3 + DAY), t3)
    const days = [t3 - 3 * DAY, t3 - 2 * DAY, t3 - DAY]
    await fleet.store.backfill('it', days, { atOnce: 1, gapMs: 0, most: 100 })
    const worker = fleet.worker('w')
    await worker.settle(await worker.claimOne())
    await fleet.client.del(fleet.keys.state('it'))
    await worker.store.inspect({ after: '', count: 10, cursor: '', scanCount: 0 })
    await fleet.store.storePlan(await fleet.decide('it'))
    await runAll(fleet)
    expect(await fleet.client.exists(fleet.keys.backfill('it'))).toBe(0)
    expect((await fleet.outcomes('it')).filter((outcome) => outcome.startsWith('ok')).length).toBeGreaterThan(1)
  })
})

describe('a schedule that was removed and created again during its run', () => {
  it.each(['queue', 'replace'] as const)(
    'a schedule that was removed and created again during its run starts under %s when that run settles, not when its lease would end',
    async (overlap) => {
      const fleet = await createDaily(redis, { overlap })
      const worker = fleet.worker('w')
      const run = await worker.claimOne()
      await fleet.control.schedules.remove('it')
      await fleet.control.schedules.put('it', {
        task: 'work',
        misfire: 'all',
        misfireGrace: '30d',
        every: '1d',
        overlap,
      })
      await fleet.plan('it', String(t3), t3 - DAY)
      expect((await worker.claim()).runs).toEqual([])
      expect(['lost', 'forgotten']).toContain(await worker.settle(run))
      expect((await worker.claim()).runs).toMatchObject([{ nominalMs: t3 }])
    },
  )
})

describe('a paused schedule that lost its state', () => {
  it.each(['claim', 'inspection', 'put'])(
    'a paused schedule that lost its state stays paused, with its note: found by a %s',
    async (how) => {
      const fleet = await createDaily(redis)
      const { schedules } = fleet.control
      await schedules.pause('it', { note: 'the database moves' })
      await fleet.client.del(fleet.keys.state('it'))
      if (how === 'claim') await fleet.client.zadd(fleet.keys.due, 0, 'it')
      if (how === 'inspection') {
        await fleet.worker('w').store.inspect({ after: '', count: 10, cursor: '', scanCount: 0 })
      }
      if (how === 'put') await schedules.patch('it', { note: 'an edit' })
      while ((await fleet.store.storePlan(await fleet.decide('it'))) === 'moved');
      expect(await runAll(fleet)).toEqual([])
      expect(await schedules.get('it')).toMatchObject({ state: 'paused' })
      expect(JSON.parse((await fleet.state('it')).paused!)).toMatchObject({ note: 'the database moves' })
    },
  )

  it('a schedule whose pause had ended when its state was lost is not paused again', async () => {
    const fleet = await createDaily(redis)
    const { schedules } = fleet.control
    await schedules.pause('it', { note: 'first' })
    await schedules.resume('it')
    await fleet.client.del(fleet.keys.state('it'))
    while ((await fleet.store.storePlan(await fleet.decide('it'))) === 'moved');
    expect(await schedules.get('it')).toMatchObject({ state: 'active' })
  })
})
