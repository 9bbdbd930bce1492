import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import {
  createDaily,
  DAILY,
  DAY,
  pastDays,
  settlementOf,
  SHORT_LEASE_MS,
  type ScriptedFleet,
  type ScriptedWorker,
} from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t1, t2, t3] = pastDays(3) as [number, number, number]

/** Adds schedules of which one occurrence is due each. */
async function addDaily(fleet: ScriptedFleet, ...names: string[]): Promise<void> {
  for (const name of names) {
    await fleet.control.schedules.put(name, { ...DAILY, every: '1d' })
    await fleet.plan(name, String(t3), t2)
  }
}

async function claimAll(worker: ScriptedWorker) {
  const { runs } = await worker.claim()
  return new Map(runs.map((run) => [run.schedule, run]))
}

describe('many runs in one call', () => {
  it('many runs in one call are claimed and settled, each with its own lease', async () => {
    const fleet = await createDaily(redis)
    await addDaily(fleet, 'a', 'b')
    const worker = fleet.worker('w')
    const { runs, nextDueMs } = await worker.claim()
    expect(runs.map(({ schedule, nominalMs }) => [schedule, nominalMs]).sort()).toEqual([
      ['a', t3],
      ['b', t3],
      ['it', t3],
    ])
    expect(nextDueMs).toBe(t3 + DAY)
    expect((await fleet.client.zrange(fleet.keys.running, 0, -1)).sort()).toEqual(runs.map(({ runId }) => runId).sort())
    expect(await worker.store.settle(runs.map((run) => settlementOf(run)))).toEqual(['settled', 'settled', 'settled'])
    expect(await fleet.client.exists(fleet.keys.running, ...runs.map((run) => fleet.keys.lease(run.schedule)))).toBe(0)
    for (const name of ['a', 'b', 'it']) expect(await fleet.outcomes(name)).toEqual([`ok ${t3}`])
  })

  it('many settlements of one schedule in one call each see the result of the earlier ones', async () => {
    const fleet = await createDaily(redis, { overlap: 'allow' })
    await fleet.plan('it', `${t1} ${t2} ${t3}`)
    const worker = fleet.worker('w')
    const runs = [await worker.claimOne(), await worker.claimOne(), await worker.claimOne()]
    const failed = { outcome: 'failed', errorText: 'no luck', pauseAfter: 3 } as const
    const told = await worker.store.settle(runs.map((run) => settlementOf(run, failed)))
    expect(told).toEqual(['settled', 'settled', 'paused'])
    expect(await fleet.outcomes('it')).toEqual([t1, t2, t3].map((at) => `failed ${at}`))
    expect(await fleet.state('it')).toMatchObject({ failures: '3', paused: expect.stringContaining('in a row') })
  })

  it('many settlements in one call: a waiting occurrence of the schedule can start when the call has freed its lease', async () => {
    const fleet = await createDaily(redis, { overlap: 'queue' })
    await addDaily(fleet, 'a')
    const worker = fleet.worker('w')
    const runs = await claimAll(worker)
    await fleet.plan('it', String(t3 + 1), t3)
    await worker.claim()
    const both = [settlementOf(runs.get('it')!), settlementOf(runs.get('a')!)]
    expect(await worker.store.settle(both)).toEqual(['settled', 'settled'])
    expect(await worker.claimOne()).toMatchObject({ schedule: 'it', nominalMs: t3 + 1 })
  })

  it('many runs in one call: a run that cannot be recorded keeps no other from being settled', async () => {
    const fleet = await createDaily(redis)
    await addDaily(fleet, 'a', 'b')
    const worker = fleet.worker('w')
    const runs = await claimAll(worker)
    await fleet.client.set(fleet.keys.pending, 'no index')
    const all = [
      settlementOf(runs.get('a')!),
      settlementOf(runs.get('it')!, { outcome: 'failed', retryDelayMs: 0 }),
      settlementOf(runs.get('b')!),
    ]
    expect(await worker.store.settle(all)).toEqual(['settled', 'unrecorded', 'settled'])
    const leases = ['a', 'it', 'b'].map((name) => fleet.keys.lease(name))
    expect(await Promise.all(leases.map((lease) => fleet.client.exists(lease)))).toEqual([0, 1, 0])
    expect(await fleet.client.zrange(fleet.keys.running, 0, -1)).not.toContain(runs.get('a')!.runId)
    await fleet.client.del(fleet.keys.pending)
    expect((await worker.store.settle(all)).filter((_, index) => index !== 1)).toEqual(['settled', 'settled'])
    expect(await Promise.all(['a', 'b'].map((name) => fleet.outcomes(name)))).toEqual([[`ok ${t3}`], [`ok ${t3}`]])
  })

  it('many runs in one call: a schedule that cannot be claimed keeps no other from being claimed', async () => {
    const fleet = await createDaily(redis)
    await addDaily(fleet, 'z')
    const worker = fleet.worker('w', SHORT_LEASE_MS)
    // The next occurrence of `z` is skipped, and its history cannot be written: the key with the history limit is no hash.
    await fleet.client.set(fleet.keys.lease('z'), 'w:1', 'PX', 600_000)
    const meta = await fleet.client.hgetall(fleet.keys.meta)
    await fleet.client.set(fleet.keys.meta, 'no hash')
    await fleet.client.zadd(fleet.keys.due, t3, 'it', t3 + 1, 'z')
    await fleet.client.hset(fleet.keys.state('z'), 'started', t2)
    const other = fleet.worker('w')
    expect((await worker.claim()).runs).toMatchObject([{ schedule: 'it' }])
    expect(await fleet.client.zrange(fleet.keys.running, 0, -1)).toEqual([`it@${t3}`])
    await fleet.client.del(fleet.keys.meta)
    if (Object.keys(meta).length > 0) await fleet.client.hset(fleet.keys.meta, meta)
    expect(await fleet.giveUp(other)).toBe('abandoned')
    expect(await fleet.outcomes('it')).toEqual([`abandoned ${t3}`])
  })
})

describe('the state of a schedule with a period', () => {
  it('the state of a schedule with a period stays compact: its run has the short form, and its plan has one instant', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('0123456789abcdef')
    const encoding = () => fleet.client.object('ENCODING', fleet.keys.state('it'))
    const run = await worker.claimOne()
    expect(await fleet.state('it')).toMatchObject({
      plan: String(t3 + DAY),
      [`run:${run.runId}`]: expect.stringMatching(new RegExp(`^${t3} ${run.fence} \\d{13} 0123456789abcdef$`)),
    })
    expect(['listpack', 'ziplist']).toContain(await encoding())
    await worker.settle(run)
    expect(['listpack', 'ziplist']).toContain(await encoding())
  })
})
