import { describe, expect, it } from 'vitest'
import type { ClaimedRun } from '../../../src/worker/store.js'
import { useRedis } from '../../support/redis.js'
import {
  createDaily,
  DAY,
  pastDays,
  SHORT_LEASE_MS,
  type ScriptedFleet,
  type ScriptedWorker,
} from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t1, t2, t3] = pastDays(3) as [number, number, number]

/** Claims a run whose stored start lies before all later occurrences of the test, which therefore overlap it. */
async function claimAsOfOld(fleet: ScriptedFleet, worker: ScriptedWorker): Promise<ClaimedRun> {
  const run = await worker.claimOne()
  await fleet.client.hset(fleet.keys.state('it'), 'started', t1)
  return run
}

describe('a claim that is sent again because its reply was lost', () => {
  it('a claim that is sent again because its reply was lost does not start a run that has been settled since', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const [run] = (await worker.claim('same')).runs
    expect(await worker.settle(run!)).toBe('settled')
    expect((await worker.claim('same')).runs).toEqual([])
  })

  it('a claim that is sent again because its reply was lost does not start an abandoned run that waits for its delivery to any worker', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const worker = fleet.worker('w', SHORT_LEASE_MS)
    expect((await worker.claim('same')).runs).toHaveLength(1)
    expect(await fleet.giveUp(worker)).toBe('rerun')
    expect((await worker.claim('same')).runs).toEqual([])
  })

  it('a claim that is sent again because its reply was lost does not start a run that another worker has by now', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
    expect((await slow.claim('same')).runs).toHaveLength(1)
    expect(await fleet.giveUp(slow)).toBe('rerun')
    const rerun = await fast.claimOne()
    expect((await slow.claim('same')).runs).toEqual([])
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`fast:${rerun.fence}`)
  })

  it('a claim that is sent again because its reply was lost does not start a delivery under the fence of another one', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const worker = fleet.worker('w', SHORT_LEASE_MS)
    await worker.claim('same')
    expect(await fleet.giveUp(worker)).toBe('rerun')
    const won = await fleet.client.hget(fleet.keys.worker('w'), 'won')
    await fleet.worker('w').claimOne()
    await fleet.client.hset(fleet.keys.worker('w'), { request: 'same', won: won! })
    expect((await worker.claim('same')).runs).toEqual([])
  })

  it.each(['nobody', 'the next occurrence'])(
    'a claim that is sent again because its reply was lost does not start a run that has lost its lease to %s',
    async (whom) => {
      const fleet = await createDaily(redis)
      const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
      await fleet.plan('it', `${t2} ${t3}`, t1)
      expect((await slow.claim('same')).runs).toHaveLength(1)
      await fleet.leaseEnds('it')
      if (whom !== 'nobody') await fast.claimOne()
      expect((await slow.claim('same')).runs).toEqual([])
    },
  )
})

describe('a claim', () => {
  it('a claim does not start by a plan that was made for another definition', async () => {
    const fleet = await createDaily(redis)
    await fleet.client.hset(fleet.keys.schedule('it'), 'every', '2d')
    const { runs, needsPlanning } = await fleet.worker('w').claim()
    expect(runs).toEqual([])
    expect(needsPlanning).toMatchObject([{ name: 'it', fields: { every: '2d' }, state: { plan: String(t3) } }])
    expect(await fleet.client.exists(fleet.keys.lease('it'))).toBe(0)
  })

  it('a claim does not start a paused schedule, also when the index says that it is due', async () => {
    const fleet = await createDaily(redis)
    await fleet.control.schedules.pause('it')
    await fleet.client.zadd(fleet.keys.due, t3, 'it')
    const { runs, needsPlanning } = await fleet.worker('w').claim()
    expect([runs, needsPlanning.map(({ name }) => name)]).toEqual([[], ['it']])
  })

  it.each([t3, t3 + 1])('a claim does not start an instant that was claimed before, or an older one', async (last) => {
    const fleet = await createDaily(redis)
    await fleet.plan('it', String(t3), last)
    const { runs, needsPlanning } = await fleet.worker('w').claim()
    expect([runs, needsPlanning.map(({ name }) => name)]).toEqual([[], ['it']])
    expect(await fleet.state('it')).toMatchObject({ last: String(last) })
  })

  it('a claim does not start an occurrence later than its grace: the misfire policy decides', async () => {
    const fleet = await createDaily(redis, { misfireGrace: '1m' })
    const { runs, needsPlanning } = await fleet.worker('w').claim()
    expect([runs, needsPlanning.map(({ name }) => name)]).toEqual([[], ['it']])
  })

  it('a claim does not start an occurrence before its instant, also when the index says that it is due', async () => {
    const fleet = await createDaily(redis)
    await fleet.plan('it', String(t3 + 2 * DAY), t3)
    await fleet.client.zadd(fleet.keys.due, t3, 'it')
    const { runs, nextDueMs } = await fleet.worker('w').claim()
    expect([runs, nextDueMs]).toEqual([[], t3 + 2 * DAY])
  })

  it('a claim does not start a run while another holder has the lease, and ignores a lease without a TTL', async () => {
    const fleet = await createDaily(redis, { overlap: 'queue' })
    const worker = fleet.worker('w')
    await fleet.client.set(fleet.keys.lease('it'), 'somebody:1', 'PX', 600_000)
    expect((await worker.claim()).runs).toEqual([])
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe('somebody:1')
    await fleet.client.persist(fleet.keys.lease('it'))
    await fleet.plan('it', String(t3 + 1), t3)
    const run = await worker.claimOne()
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`w:${run.fence}`)
    expect(await fleet.client.pttl(fleet.keys.lease('it'))).toBeGreaterThan(0)
  })

  it('a claim raises the fence from the stored fence, and takes it from the time where none is stored', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const ahead = Date.now() + DAY
    await fleet.client.hset(fleet.keys.state('it'), 'fence', ahead)
    const run = await worker.claimOne()
    expect(run.fence).toBe(ahead + 1)
    await worker.settle(run)
    await fleet.client.hdel(fleet.keys.state('it'), 'fence')
    await fleet.plan('it', String(t3 + 1), t3)
    const { nowMs, runs } = await worker.claim()
    expect(runs.map(({ fence }) => fence)).toEqual([nowMs])
  })

  it('a claim ends a schedule with the last occurrence of its limit', async () => {
    const fleet = await createDaily(redis, { limit: 2 })
    const worker = fleet.worker('w')
    await fleet.plan('it', `${t1} ${t2} ${t3}`)
    for (const nominalMs of [t1, t2]) {
      const run = await worker.claimOne()
      expect(run.nominalMs).toBe(nominalMs)
      await worker.settle(run)
    }
    expect((await worker.claim()).runs).toEqual([])
    expect(await fleet.state('it')).toMatchObject({ plan: '.', seen: '2' })
  })

  it('a claim returns a schedule that cannot be planned without adding it to the due index', async () => {
    const fleet = await createDaily(redis)
    await fleet.store.enqueue('it', null)
    await fleet.control.schedules.pause('it')
    await fleet.client.hset(fleet.keys.schedule('it'), 'note', 'edited')
    const { runs, needsPlanning } = await fleet.worker('w').claim()
    expect([runs, needsPlanning.map(({ name }) => name)]).toEqual([[], ['it']])
    expect(await fleet.client.zscore(fleet.keys.due, 'it')).toBeNull()
  })
})

describe('a waiting run', () => {
  it('a running run is not started again, whatever its index and its lease say', async () => {
    const fleet = await createDaily(redis)
    const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
    const run = await slow.claimOne()
    await fleet.leaseEnds('it')
    await fleet.client.zadd(fleet.keys.pending, 0, run.runId)
    expect((await fast.claim()).runs).toEqual([])
    expect(await fleet.client.zcard(fleet.keys.pending)).toBe(0)
    expect(await fleet.giveUp(fast)).toBe('abandoned')
  })

  it('a waiting run is delivered once', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const slow = fleet.worker('slow', SHORT_LEASE_MS)
    const { runId } = await slow.claimOne()
    expect(await fleet.giveUp(slow)).toBe('rerun')
    const claims = await Promise.all(['a', 'b', 'c'].map((id) => fleet.worker(id).claim()))
    expect(claims.flatMap(({ runs }) => runs)).toMatchObject([{ runId, delivery: 2 }])
  })

  it('a waiting run is not started by a definition that no worker has checked', async () => {
    const fleet = await createDaily(redis, { overlap: 'queue' })
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await worker.settle(run, { outcome: 'failed', retryDelayMs: 0 })
    await fleet.client.hset(fleet.keys.schedule('it'), 'timeout', 'never')
    const { runs, needsPlanning } = await worker.claim()
    expect([runs, needsPlanning.map(({ name }) => name)]).toEqual([[], ['it']])
  })

  it('a waiting occurrence that was never claimed is not started in a pause, and gets a history entry', async () => {
    const fleet = await createDaily(redis, { overlap: 'queue' })
    const worker = fleet.worker('w')
    const going = await claimAsOfOld(fleet, worker)
    await fleet.plan('it', String(t3 + 1), t3)
    expect((await worker.claim()).runs).toEqual([])
    await fleet.control.schedules.pause('it')
    await worker.settle(going)
    const { runs, skipped } = await worker.claim()
    expect([runs, skipped]).toEqual([[], [{ schedule: 'it', nominalMs: t3 + 1, reason: 'paused' }]])
    expect(await fleet.outcomes('it')).toEqual([`ok ${t3}`, `skipped ${t3 + 1}`])
  })

  it('a waiting run waits for the run that holds the lease, and starts once that run is settled', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const first = await worker.claimOne()
    await worker.settle(first, { outcome: 'failed', retryDelayMs: 5 })
    await fleet.plan('it', String(t3 + 1), t3)
    const second = await worker.claimOne()
    await fleet.client.zadd(fleet.keys.pending, 0, first.runId)
    expect((await worker.claim()).runs).toEqual([])
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`w:${second.fence}`)
    await worker.settle(second)
    expect(await worker.claimOne()).toMatchObject({ runId: first.runId, attempt: 2 })
  })

  it.each(['queue', 'replace'] as const)('under overlap %s at most one occurrence waits for a run', async (overlap) => {
    const fleet = await createDaily(redis, { overlap })
    const worker = fleet.worker('w')
    const going = await claimAsOfOld(fleet, worker)
    for (const nominal of [t3 + 1, t3 + 2, t3 + 3]) {
      await fleet.plan('it', String(nominal), nominal - 1)
      await worker.claim()
    }
    expect(await fleet.client.zcard(fleet.keys.pending)).toBe(1)
    await worker.settle(going)
    const next = await claimAsOfOld(fleet, worker)
    expect(next.nominalMs).toBe(overlap === 'queue' ? t3 + 1 : t3 + 3)
    // One that was let go waits no more: another may.
    await fleet.plan('it', String(t3 + 4), t3 + 3)
    await worker.claim()
    expect(await fleet.client.zrange(fleet.keys.pending, 0, -1)).toEqual([`it@${t3 + 4}`])
    await worker.settle(next)
    await worker.settle(await worker.claimOne())
    const skipped = overlap === 'queue' ? [t3 + 2, t3 + 3] : [t3 + 1, t3 + 2]
    expect((await fleet.outcomes('it')).sort()).toEqual(
      [`ok ${t3}`, `ok ${next.nominalMs}`, `ok ${t3 + 4}`, ...skipped.map((nominal) => `skipped ${nominal}`)].sort(),
    )
  })
})
