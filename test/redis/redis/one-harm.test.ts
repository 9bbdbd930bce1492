import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet, pastDays, settlementOf, DAILY } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t2, t3] = pastDays(2) as [number, number]
const NAMES = ['a', 'b', 'c'] as const

/** Three schedules that are due. */
async function createThree() {
  const fleet = createScriptedFleet(redis)
  for (const name of NAMES) {
    await fleet.control.schedules.put(name, { ...DAILY, every: '1d' })
    await fleet.plan(name, String(t3), t2)
  }
  return fleet
}

describe('an error of one schedule', () => {
  it('an error of one schedule does not keep the runs of others from being settled, and its own history continues', async () => {
    const fleet = await createThree()
    const worker = fleet.worker('w')
    const { runs } = await worker.claim()
    await fleet.client.xadd(fleet.keys.history('b'), '5-1', 'at', '5', 'outcome', 'ok', 'run', 'b@5')
    await fleet.client.xadd(fleet.keys.history('b'), '18446744073709551615-18446744073709551615', 'x', 'y')
    expect(await worker.store.settle(runs.map((run) => settlementOf(run)))).toEqual(['settled', 'settled', 'settled'])
    for (const name of ['a', 'c']) expect(await fleet.outcomes(name)).toEqual([`ok ${t3}`])
    const entries = await fleet.client.xrange(fleet.keys.history('b'), '-', '+')
    expect(entries.map(([, fields]) => fields[1])).toEqual(['5', String(t3)])
  })

  it('a schedule with an error does not keep others from being claimed, and is tried again after a second', async () => {
    const fleet = await createThree()
    // The limit of a number that is none makes the script fail.
    await fleet.client.hset(fleet.keys.schedule('b'), { overlap: 'allow', maxConcurrent: 'many' })
    const digest = (await fleet.store.read('b')).schedule!.digest
    await fleet.client.hset(fleet.keys.state('b'), 'digest', digest)
    const worker = fleet.worker('w')
    const { runs } = await worker.claim()
    expect(runs.map(({ schedule }) => schedule).sort()).toEqual(['a', 'c'])
    expect(Number(await fleet.client.zscore(fleet.keys.due, 'b'))).toBeGreaterThan(t3)
  })

  it('a schedule with an error does not keep the runs of others from being recovered', async () => {
    const fleet = await createThree()
    const worker = fleet.worker('w', 1)
    await worker.claim()
    for (const name of NAMES) await fleet.leaseEnds(name)
    // The key that counts the run of `b` has another type.
    await fleet.client.hset(
      fleet.keys.state('b'),
      `run:b@${t3}`,
      JSON.stringify({ n: t3, f: 5, a: 1, d: 1, m: 0, k: 'o', w: 'w', s: 5, t: 'limited' }),
    )
    await fleet.client.set(fleet.keys.busy('limited'), 'no set')
    const { recovered } = await worker.store.recoverRuns(10)
    expect(recovered.map(({ schedule }) => schedule).sort()).toEqual(['a', 'c'])
  })

  it('one schedule with too much payload for a reply does not block a claim: the runs come in several replies', async () => {
    const fleet = createScriptedFleet(redis)
    const names = Array.from({ length: 8 }, (_, index) => `big-${index}`)
    for (const name of names) {
      await fleet.control.schedules.put(name, { ...DAILY, every: '1d', payload: 'x'.repeat(240_000) })
      await fleet.plan(name, String(t3), t2)
    }
    const worker = fleet.worker('w')
    const first = await worker.claim()
    expect(first.runs.length).toBeGreaterThan(0)
    expect(first.runs.length).toBeLessThan(5)
    expect(first.nextDueMs).toBe(t3)
    const rest = [await worker.claim(), await worker.claim(), await worker.claim()].flatMap(({ runs }) => runs)
    expect([...first.runs, ...rest].map(({ schedule }) => schedule).sort()).toEqual(names)
  })

  it('a claim of a worker with thousands of tasks stays below the number of values that Lua passes at once', async () => {
    const fleet = await createThree()
    const { store } = fleet.worker('w')
    const capacities = Array.from({ length: 3_000 }, (_, index) => ({
      pool: 'default',
      task: index === 0 ? 'work' : `other-${index}`,
      maxConcurrent: 0,
      freeSlots: 10,
    }))
    const request = { requestId: 'r', slots: 10, maxClaims: 10, aheadMs: 0, expectedDueMs: null, capacities }
    expect((await store.claim(request)).runs).toHaveLength(3)
  })

  it('a broken definition does not keep others from being written: a hash of nine thousand fields is replaced', async () => {
    const fleet = createScriptedFleet(redis)
    const key = fleet.keys.schedule('wide')
    for (let start = 0; start < 9_000; start += 1_000) {
      await fleet.client.hset(key, Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${start + i}`, '1'])))
    }
    const written = await fleet.control.schedules.putMany([
      { name: 'before', ...DAILY, every: '1d' },
      { name: 'wide', ...DAILY, every: '1d' },
      { name: 'behind', ...DAILY, every: '1d' },
    ])
    expect(written).toEqual({ created: 2, updated: 1, unchanged: 0 })
    expect(await fleet.client.hlen(key)).toBeLessThan(10)
  })
})

describe('an instant before 1970', () => {
  it('an instant before 1970 does not stop the fleet: other due schedules are claimed and announced', async () => {
    const fleet = await createThree()
    const worker = fleet.worker('w')
    await fleet.control.schedules.put('old', { task: 'work', at: '1969-07-20T20:17Z' })
    const first = await worker.claim()
    expect(first.runs.map(({ schedule }) => schedule).sort()).toEqual([...NAMES])
    expect(first.needsPlanning.map(({ name }) => name)).toEqual(['old'])
    await fleet.control.schedules.pause('a', { until: '1969-07-20T20:17Z' })
    expect((await worker.claim()).needsPlanning.map(({ name }) => name)).toEqual(['a'])
  })

  it('an instant before 1970 is a misfire like any other', async () => {
    const fleet = createScriptedFleet(redis)
    await fleet.control.schedules.put('old', { task: 'work', at: '1969-07-20T20:17Z' })
    await fleet.store.storePlan(await fleet.decide('old'))
    expect(await fleet.outcomes('old')).toEqual([`skipped ${Date.parse('1969-07-20T20:17Z')}`])
    expect((await fleet.state('old')).plan).toBe('.')
  })
})
