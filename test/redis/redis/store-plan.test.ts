import { describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape } from '../../../src/index.js'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet, DAY, pastDays, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t0, t1, t2, t3] = pastDays(4) as [number, number, number, number]
const JOB = { task: 'work', every: '1d', misfire: 'all', catchUpWindow: '30d' } satisfies DefinitionShape

async function createSchedule(definition: DefinitionShape = JOB): Promise<ScriptedFleet> {
  const fleet = createScriptedFleet(redis)
  await fleet.control.schedules.put('it', definition as DefinitionInput)
  return fleet
}

/** What a worker decided arrives, whether for the second time or late: nothing of it may be seen. */
async function expectNoTrace(fleet: ScriptedFleet, change: Awaited<ReturnType<ScriptedFleet['decide']>>) {
  const before = await fleet.everything()
  expect(await fleet.store.storePlan(change)).toBe('moved')
  expect(await fleet.everything()).toEqual(before)
}

describe('a plan that is stored again because its reply was lost', () => {
  it('a plan that is stored again because its reply was lost counts and records its skipped occurrences once', async () => {
    const fleet = await createSchedule({ ...JOB, misfire: 'latest', limit: 50 })
    await fleet.plan('it', String(t0), t0 - DAY)
    const change = await fleet.decide('it')
    expect(change.skipped.length).toBeGreaterThan(0)
    expect(await fleet.store.storePlan(change)).toBe('stored')
    await expectNoTrace(fleet, change)
    expect(await fleet.state('it')).toMatchObject({ seen: '3', last: String(t2) })
    expect(await fleet.outcomes('it')).toEqual([t0, t1, t2].map((at) => `skipped ${at}`))
  })

  it('a plan that is stored again because its reply was lost records the due occurrences of a plainly edited trigger once', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', `${t2} ${t3}`, t1)
    await fleet.client.hset(fleet.keys.schedule('it'), 'every', '3d')
    const change = await fleet.decide('it')
    expect(await fleet.store.storePlan(change)).toBe('stored')
    await expectNoTrace(fleet, change)
    expect(await fleet.outcomes('it')).toEqual([t2, t3].map((at) => `skipped ${at}`))
  })

  it('a plan that is stored again because its reply was lost ends a pause once, and records the missed occurrences once', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', String(t2), t1)
    await fleet.control.schedules.pause('it')
    const change = await fleet.decide('it', true)
    expect(await fleet.store.storePlan(change)).toBe('stored')
    await expectNoTrace(fleet, change)
    expect(await fleet.outcomes('it')).toEqual([`skipped ${t2}`, `skipped ${t3}`])
  })
})

describe('a plan that arrives late', () => {
  it('a plan that arrives late does not move a schedule back that another worker has since planned, claimed and settled', async () => {
    const fleet = await createSchedule()
    const [slow, fast] = [fleet.worker('slow'), fleet.worker('fast')]
    await fleet.plan('it', `${t2} ${t3}`, t1)
    const [handed] = (await slow.claim()).needsPlanning
    expect(handed?.name).toBe('it')
    const late = await fleet.decide('it')
    expect(await fast.store.storePlan(await fleet.decide('it'))).toBe('stored')
    const run = await fast.claimOne()
    expect(run.nominalMs).toBe(t2)
    await expectNoTrace(fleet, late)
    expect(await fast.settle(run)).toBe('settled')
    await expectNoTrace(fleet, late)
    expect((await fast.claimOne()).nominalMs).toBe(t3)
    expect(await fleet.state('it')).toMatchObject({ last: String(t3) })
  })

  it('a plan that arrives late does not undo a claim when the plan looks the same again', async () => {
    const fleet = await createSchedule({ ...JOB, misfire: 'latest', limit: 50 })
    // The plan is empty, and no worker has refilled it: the state of the decision, but for the last instant.
    await fleet.plan('it', '', t0)
    const late = await fleet.decide('it')
    expect(late).toMatchObject({ last: t2 })
    await fleet.plan('it', '', t3)
    await expectNoTrace(fleet, late)
    const { runs } = await fleet.worker('w').claim()
    expect(runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([])
  })

  it('a plan that arrives late does not restore occurrences that an edit and its reversal have ended', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', String(t3), t2)
    const late = await fleet.decide('it')
    await fleet.control.schedules.put('it', { ...JOB, every: '3d' })
    await fleet.control.schedules.put('it', JOB)
    const { schedule } = await fleet.decide('it')
    expect(schedule).toMatchObject({ digest: late.schedule.digest, state: { last: String(t2) } })
    await expectNoTrace(fleet, late)
    expect((await fleet.worker('w').claim()).runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([`skipped ${t3}`])
  })

  it('a plan that arrives late ends no pause that began after the plan was made', async () => {
    const fleet = await createSchedule()
    await fleet.control.schedules.pause('it', { note: 'first' })
    const late = await fleet.decide('it', true)
    await fleet.control.schedules.resume('it')
    await fleet.control.schedules.pause('it', { note: 'second' })
    await expectNoTrace(fleet, late)
    expect(await fleet.control.schedules.get('it')).toMatchObject({ state: 'paused' })
  })

  it('a plan that arrives late is not used for a definition that a plain command has edited since', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', String(t3), t2)
    const late = await fleet.decide('it')
    await fleet.client.hset(fleet.keys.schedule('it'), 'every', '3d')
    await expectNoTrace(fleet, late)
  })

  it('a plan that arrives late creates no key of a schedule that was removed since', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', String(t3), t2)
    const late = await fleet.decide('it')
    await fleet.control.schedules.remove('it')
    await expectNoTrace(fleet, late)
    expect(await fleet.everything()).toEqual({})
  })

  it('a plan that arrives late does not plan a schedule whose definition a plain command has deleted since', async () => {
    const fleet = await createSchedule()
    await fleet.plan('it', String(t3), t2)
    const late = await fleet.decide('it')
    await fleet.client.del(fleet.keys.schedule('it'))
    await expectNoTrace(fleet, late)
  })
})
