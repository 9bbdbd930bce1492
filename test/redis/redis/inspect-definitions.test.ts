import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createDaily, pastDays, SHORT_LEASE_MS, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t2, t3] = pastDays(2) as [number, number]

const inspect = (fleet: ScriptedFleet) =>
  fleet.worker('looks').store.inspect({ after: '', count: 0, cursor: '', scanCount: 0, names: ['it'] })

async function inspectWithoutTrace(fleet: ScriptedFleet) {
  const before = await fleet.everything()
  const found = await inspect(fleet)
  expect(await fleet.everything()).toEqual(before)
  return found
}

describe('an inspection of a schedule', () => {
  it('an inspection restores missing index entries of due schedules, running runs and waiting runs', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
    const { keys, client } = fleet
    await client.del(keys.due)
    await inspect(fleet)
    expect(Number(await client.zscore(keys.due, 'it'))).toBe(t3)
    const run = await slow.claimOne()
    await client.del(keys.running)
    await inspect(fleet)
    expect(await fleet.giveUp(fast)).toBe('rerun')
    await client.del(keys.pending)
    await inspect(fleet)
    expect(await fast.claimOne()).toMatchObject({ runId: run.runId, delivery: 2 })
  })

  it('an inspection of a schedule with correct index entries changes nothing', async () => {
    const fleet = await createDaily(redis)
    await inspectWithoutTrace(fleet)
    // The schedule has a later score, because a worker plans it or a run delays it.
    await fleet.client.zadd(fleet.keys.due, Date.now() + 60_000, 'it')
    await inspectWithoutTrace(fleet)
    await fleet.client.zadd(fleet.keys.due, t3, 'it')
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await inspectWithoutTrace(fleet)
    // It waits for its next attempt, and no look makes it come sooner.
    await worker.settle(run, { outcome: 'failed', retryDelayMs: 60_000 })
    await inspectWithoutTrace(fleet)
  })

  it('an inspection of a schedule leaves it parked for a task that no worker has', async () => {
    const fleet = await createDaily(redis, { task: 'rare' })
    await fleet.store.enqueue('it', null)
    await fleet.worker('w').claim()
    expect(await fleet.client.zcard(fleet.keys.lane('default\nrare'))).toBe(2)
    await inspectWithoutTrace(fleet)
  })

  it('an inspection adds no paused, finished or invalid schedule to the due index', async () => {
    const fleet = await createDaily(redis)
    await fleet.control.schedules.pause('it')
    await inspectWithoutTrace(fleet)
    await fleet.control.schedules.resume('it')
    await fleet.client.hset(fleet.keys.schedule('it'), 'every', 'now and then')
    expect(await fleet.store.storePlan(await fleet.decide('it'))).toBe('stored')
    await inspectWithoutTrace(fleet)
    await fleet.client.hdel(fleet.keys.schedule('it'), 'every')
    await fleet.client.hset(fleet.keys.schedule('it'), 'at', new Date(t2).toISOString())
    expect(await fleet.store.storePlan(await fleet.decide('it'))).toBe('stored')
    await fleet.plan('it', '.', t3)
    await fleet.client.del(fleet.keys.due)
    await inspectWithoutTrace(fleet)
  })

  it('an inspection names schedules with plain edits, and removes the remains of a deleted schedule', async () => {
    const fleet = await createDaily(redis)
    await fleet.client.hset(fleet.keys.schedule('it'), 'note', 'edited')
    expect(await inspectWithoutTrace(fleet)).toMatchObject({ toPlan: ['it'], removed: [] })
    await fleet.client.del(fleet.keys.schedule('it'))
    expect(await inspect(fleet)).toMatchObject({ toPlan: [], removed: ['it'] })
    expect(await fleet.everything()).toEqual({})
  })
})
