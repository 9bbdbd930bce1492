import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const HOURLY = { task: 'work', cron: '0 * * * *', misfire: 'all', misfireGrace: '30d' } as const

/** Claims and settles what is due until nothing is, and answers how many runs there were. */
async function runAll(fleet: ScriptedFleet): Promise<number> {
  const worker = fleet.worker('w')
  let count = 0
  for (;;) {
    const { runs, needsPlanning } = await worker.claim()
    for (const run of runs) await worker.settle(run)
    count += runs.length
    if (runs.length === 0 && needsPlanning.length === 0) return count
    for (const { name } of needsPlanning) await fleet.store.storePlan(await fleet.decide(name))
  }
}

/** Makes this many instants of the schedule `it` due, all of them on time. */
async function makeDue(fleet: ScriptedFleet, count: number, first = 0): Promise<void> {
  const { last } = await fleet.state('it')
  const start = Math.max(Number(last ?? 0), Date.now() - 3_600_000) + first
  const plan = Array.from({ length: count }, (_, index) => start + 1 + index).join(' ')
  await fleet.client.hset(fleet.keys.state('it'), 'plan', `${plan} .`)
  await fleet.client.zadd(fleet.keys.due, start, 'it')
}

describe('the limit of a schedule', () => {
  it('a limit that is raised after the first run takes effect', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3 })
    expect((await fleet.state('it')).plan).toMatch(/ \.$/)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 8 })
    expect((await fleet.state('it')).plan).not.toMatch(/\.$/)
    await makeDue(fleet, 20)
    expect(await runAll(fleet)).toBe(8)
    expect((await fleet.state('it')).plan).toBe('.')
  })

  it('a limit that was reached allows no run after an edit of the end alone', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3 })
    await makeDue(fleet, 3)
    expect(await runAll(fleet)).toBe(3)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3, end: '2199-01-01' })
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(0)
    expect((await fleet.state('it')).plan).toBe('.')
  })

  it('a limit that is lowered below the number of runs allows no further run', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 8 })
    await makeDue(fleet, 3)
    expect(await runAll(fleet)).toBe(3)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 2 })
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(0)
  })

  it('the limit of a schedule keeps its count when the schedule is disabled and enabled again', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3 })
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(2)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3, enabled: false })
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 3 })
    await makeDue(fleet, 3)
    expect(await runAll(fleet)).toBe(1)
  })

  it('the limit of a schedule counts from 0 for another rule', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, limit: 2 })
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(2)
    await fleet.control.schedules.put('it', { ...HOURLY, cron: '5 * * * *', limit: 2 })
    await makeDue(fleet, 3)
    expect(await runAll(fleet)).toBe(2)
  })

  it('the limit of a schedule under `allow` counts a run that waits for its retry, and no manual run', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('it', { ...HOURLY, overlap: 'allow', maxConcurrent: 1, retries: 3 })
    await makeDue(fleet, 2)
    await fleet.store.enqueue('it', null)
    const worker = fleet.worker('w')
    const { runs } = await worker.claim()
    expect(runs.map(({ kind }) => kind).sort()).toEqual(['manual', 'occurrence'])
    expect((await worker.claim()).skipped).toMatchObject([{ reason: 'max-concurrent' }])
    await worker.settle(
      runs.find(({ kind }) => kind === 'occurrence')!,
      { outcome: 'failed', retryDelayMs: 60_000 },
    )
    await makeDue(fleet, 1)
    expect((await worker.claim()).skipped).toMatchObject([{ reason: 'max-concurrent' }])
  })

  it('the limit of a schedule counts from 0 when a long RRULE changes, also after its first part', async () => {
    const fleet = createScriptedFleet(redis)
    const rrule = (days: string) =>
      `DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY;INTERVAL=1;BYHOUR=9;BYMINUTE=30;BYDAY=${days}`
    const rest = { task: 'work', misfire: 'all', misfireGrace: '30d', limit: 2 } as const
    await fleet.control.schedules.put('it', { ...rest, rrule: rrule('MO') })
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(2)
    await fleet.control.schedules.put('it', { ...rest, rrule: rrule('TU') })
    expect((await fleet.state('it')).seen).toBeUndefined()
    await makeDue(fleet, 2)
    expect(await runAll(fleet)).toBe(2)
  })
})
