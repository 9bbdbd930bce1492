import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import {
  createDaily,
  DAILY,
  pastDays,
  SHORT_LEASE_MS,
  type ScriptedFleet,
  type ScriptedWorker,
} from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t2, t3] = pastDays(2) as [number, number]
const LEASE_MS = 600_000

/** A run began long ago and is running; the occurrence `nominal` becomes due during it. */
async function comesDue(fleet: ScriptedFleet, worker: ScriptedWorker, nominal: number) {
  const run = await worker.claimOne()
  await fleet.client.hset(fleet.keys.state('it'), 'started', t2)
  await fleet.plan('it', String(nominal), t3)
  return run
}

describe('an occurrence during the previous run', () => {
  it.each(['skip', 'queue', 'replace'] as const)(
    'an occurrence during the previous run is decided by overlap %s at its instant, not before',
    async (overlap) => {
      const fleet = await createDaily(redis, { overlap })
      const worker = fleet.worker('w')
      const soon = Date.now() + 60_000
      const run = await comesDue(fleet, worker, soon)
      expect(await worker.claim('early', 90_000)).toMatchObject({ runs: [], skipped: [], nextDueMs: soon })
      expect(await fleet.outcomes('it')).toEqual([])
      // The run has ended by then.
      await worker.settle(run)
      expect((await worker.claim('again', 90_000)).runs).toMatchObject([{ nominalMs: soon }])
    },
  )

  it('an occurrence during the previous run is skipped when that run is alive, and waits for its lease when its worker may be dead', async () => {
    const fleet = await createDaily(redis)
    const [slow, fast] = [fleet.worker('slow'), fleet.worker('fast')]
    const run = await comesDue(fleet, slow, t3 + 1)
    const ear = redis.connect()
    // Only where its own ear is seen does the missing ear of another prove something.
    await ear.subscribe(fleet.keys.worker('fast'))
    expect(await fast.claim()).toMatchObject({ runs: [], skipped: [] })
    expect(await fleet.state('it')).toMatchObject({ blocked: '1', plan: String(t3 + 1) })
    await ear.subscribe(fleet.keys.worker('slow'))
    await fleet.client.zadd(fleet.keys.due, t3 + 1, 'it')
    expect(await fast.claim()).toMatchObject({ runs: [], skipped: [{ nominalMs: t3 + 1, reason: 'overlap' }] })
    expect(await slow.settle(run)).toBe('settled')
  })

  it('an occurrence during the previous run has a lease of its own under overlap: allow, up to maxConcurrent', async () => {
    const fleet = await createDaily(redis, { overlap: 'allow', maxConcurrent: 2 })
    const worker = fleet.worker('w')
    await fleet.plan('it', `${t3} ${t3 + 1} ${t3 + 2}`, t2)
    const [first, second] = [await worker.claimOne(), await worker.claimOne()]
    expect([first.nominalMs, second.nominalMs]).toEqual([t3, t3 + 1])
    expect(await worker.claim()).toMatchObject({ runs: [], skipped: [{ nominalMs: t3 + 2, reason: 'max-concurrent' }] })
    // The end of one frees its own lease alone.
    expect(await worker.settle(first)).toBe('settled')
    expect(await fleet.client.get(fleet.keys.runLease(second.runId))).toBe(`w:${second.fence}`)
    expect(await worker.settle(second)).toBe('settled')
    expect(await fleet.outcomes('it')).toEqual([`skipped ${t3 + 2}`, `ok ${t3}`, `ok ${t3 + 1}`])
  })
})

describe('the fleet-wide limit of a task', () => {
  async function createTwo(): Promise<ScriptedFleet> {
    const fleet = await createDaily(redis)
    await fleet.control.schedules.put('other', { ...DAILY, every: '1d' })
    await fleet.plan('other', String(t3), t2)
    return fleet
  }

  it('a run counts for the fleet-wide limit of its task while it has its lease, whatever its score says, until its settlement', async () => {
    const fleet = await createTwo()
    const [one, two] = [fleet.worker('one', LEASE_MS, 1), fleet.worker('two', LEASE_MS, 1)]
    const run = await one.claimOne()
    const busy = `${fleet.keys.tag}:busy:work`
    await fleet.client.zadd(busy, 0, (await fleet.client.zrange(busy, 0, -1))[0]!)
    expect((await two.claim()).runs).toEqual([])
    expect(await one.settle(run)).toBe('settled')
    expect((await two.claimOne()).schedule).not.toBe(run.schedule)
  })

  it.each(['no run', 'another run'])(
    'the fleet-wide limit of a task no longer counts a run whose lease is held by %s',
    async (whom) => {
      const fleet = await createTwo()
      const [one, two] = [fleet.worker('one', SHORT_LEASE_MS, 1), fleet.worker('two', LEASE_MS, 1)]
      const { schedule } = await one.claimOne()
      await fleet.leaseEnds(schedule)
      if (whom !== 'no run') await fleet.client.set(fleet.keys.lease(schedule), 'somebody:1', 'PX', LEASE_MS)
      expect((await two.claimOne()).schedule).not.toBe(schedule)
    },
  )
})
