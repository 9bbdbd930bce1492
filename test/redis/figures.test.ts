import { describe, expect, it } from 'vitest'
import type { Everybeat, FleetFigures } from '../../src/index.js'
import { countCommands } from '../support/command-counts.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const key = (suffix: string) => `{${fleet.prefix()}}:${suffix}`

/** Counts the states by reading every schedule. */
async function countByReading(beat: Everybeat): Promise<FleetFigures['schedules']> {
  const counts = { active: 0, paused: 0, finished: 0, invalid: 0 }
  for (const { state } of await beat.schedules.list({ limit: 1_000 })) counts[state] += 1
  return counts
}

/** Expects that the index says what reading all schedules says, and gives the counts. */
async function checkStates(beat: Everybeat): Promise<FleetFigures['schedules']> {
  const { schedules } = await beat.figures()
  expect(schedules).toEqual(await countByReading(beat))
  return schedules
}

const NONE = { active: 0, paused: 0, finished: 0, invalid: 0 }

describe('the figures of the fleet', () => {
  it('the counts by state are right after each edit, pause, resume and removal', async () => {
    const beat = fleet.create()
    const { schedules } = beat
    await schedules.putMany(['a', 'b', 'c', 'd'].map((name) => ({ name, task: 'none', every: '1h' })))
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 4 })
    await schedules.pause('a')
    await schedules.pause('b', { until: new Date(Date.now() + 3_600_000) })
    await schedules.patch('c', { enabled: false })
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 1, paused: 3 })
    await schedules.pause('c')
    await schedules.resume('a')
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 2, paused: 2 })
    await schedules.resume('c')
    await schedules.put('d', { task: 'none', every: '1h', end: new Date(Date.now() - 1_000) })
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 2, paused: 1, finished: 1 })
    await schedules.put('d', { task: 'none', every: '2h' })
    await schedules.remove('b')
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 3 })
    expect(await redis.client.exists(key('inactive'))).toBe(0)
  })

  it('the counts by state are right when a run finishes a schedule or pauses it', async () => {
    const beat = fleet.create()
    beat.task('good', () => {})
    beat.task('bad', () => {
      throw new Error('no')
    })
    await beat.start()
    const { schedules } = beat
    await schedules.put('once', { task: 'good', at: new Date() })
    await schedules.put('thrice', { task: 'good', every: '100ms', limit: 3 })
    await schedules.put('overlapped', { task: 'good', every: '100ms', limit: 3, overlap: 'queue' })
    await schedules.put('missed', { task: 'good', at: new Date(Date.now() - 3_600_000), misfire: 'skip' })
    await schedules.put('failing', { task: 'bad', every: '100ms', pauseAfter: 2 })
    await schedules.put('gone', { task: 'good', at: new Date(), removeAfter: '0s' })
    await schedules.put('ending', { task: 'good', cron: '* * * * * *', end: new Date(Date.now() + 2_500) })
    await waitFor(async () => (await countByReading(beat)).active === 0, { what: 'the end of all' })
    await waitFor(async () => (await schedules.get('gone')) === null, { what: 'the removal' })
    expect(await checkStates(beat)).toEqual({ ...NONE, paused: 1, finished: 5 })
    await schedules.resume('failing')
    await schedules.remove('failing')
    expect(await checkStates(beat)).toEqual({ ...NONE, finished: 5 })
  })

  it('the counts by state are right when plain commands edit definitions', async () => {
    const beat = fleet.create()
    await beat.start()
    await beat.schedules.put('a', { task: 'none', every: '1h' })
    await beat.schedules.put('b', { task: 'none', every: '1h' })
    const counts = (expected: Partial<FleetFigures['schedules']>) =>
      waitFor(
        async () => {
          const { schedules } = await beat.figures()
          return Object.entries(expected).every(([state, count]) => schedules[state as 'active'] === count)
        },
        { what: JSON.stringify(expected) },
      )
    await redis.client.hset(key('schedule:a'), 'every', 'often')
    await counts({ active: 1, invalid: 1 })
    await redis.client.hset(key('schedule:a'), 'every', '2h')
    await redis.client.hset(key('schedule:b'), 'enabled', 'false')
    await redis.client.hset(key('schedule:c'), 'task', 'none', 'every', '1h')
    await counts({ active: 2, paused: 1, invalid: 0 })
    await redis.client.del(key('schedule:b'))
    await counts({ active: 2, paused: 0 })
    await checkStates(beat)
  })

  it('the sweep corrects index entries that a worker without the index did not write', async () => {
    const beat = fleet.create()
    const { schedules } = beat
    for (const name of ['a', 'b', 'c']) await schedules.put(name, { task: 'none', every: '1h' })
    await schedules.pause('a')
    // As if a former version had paused b, and resumed a.
    await redis.client.zadd(key('inactive'), 2, 'a')
    await redis.client.zadd(key('inactive'), 3, 'c')
    await beat.start()
    await waitFor(async () => (await beat.figures()).schedules.invalid === 0, {
      what: 'the reading of all schedules',
      timeoutMs: 30_000,
    })
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 2, paused: 1 })
    await redis.client.del(key('inactive'))
    await waitFor(async () => (await beat.figures()).schedules.paused === 1, {
      what: 'a reading of all schedules',
      timeoutMs: 30_000,
    })
  })

  it('a schedule that waits for a missing worker counts as backlog and as overdue, and a waiting run as waiting', async () => {
    const beat = fleet.create()
    const { schedules } = beat
    for (const name of ['a', 'b']) await schedules.put(name, { task: 'none', at: new Date(Date.now() - 5_000) })
    await schedules.put('c', { task: 'none', every: '1h' })
    expect(await beat.figures()).toMatchObject({ dueCount: 2, waitingCount: 0, workerCount: 0 })
    expect((await beat.figures()).overdueMs).toBeGreaterThanOrEqual(5_000)
    await schedules.trigger('c')
    expect(await beat.figures()).toMatchObject({ dueCount: 2, waitingCount: 1 })
    // A worker without the task parks what it finds; a schedule and a run stay what they are.
    beat.task('another', () => {})
    await beat.start()
    await waitFor(async () => (await redis.client.zcard(key('due'))) === 1, { what: 'the parked work' })
    await waitFor(async () => (await redis.client.zcard(key('pending'))) === 0, { what: 'the parked run' })
    expect(await beat.figures()).toMatchObject({ dueCount: 2, waitingCount: 1, workerCount: 1 })
    expect((await beat.figures()).overdueMs).toBeGreaterThanOrEqual(5_000)
    const done = nextEvent(beat, 'run:succeeded')
    beat.task('none', () => {})
    await done
    await waitFor(async () => (await beat.figures()).dueCount === 0, { what: 'the end of the backlog' })
  })

  it('the figures take as many commands with a thousand schedules as with ten', async () => {
    const beat = fleet.create()
    const cost = async () => Object.fromEntries(await countCommands(redis.url, async () => void (await beat.figures())))
    const fill = (from: number, to: number) =>
      beat.schedules.putMany(
        Array.from({ length: to - from }, (_, index) => ({ name: `s-${from + index}`, task: 'none', every: '1h' })),
      )
    await fill(0, 10)
    await beat.figures()
    const withTen = await cost()
    await fill(10, 1_000)
    for (let index = 0; index < 100; index++) await beat.schedules.pause(`s-${index}`)
    expect(await cost()).toEqual(withTen)
    expect(withTen.evalsha).toBe(1)
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 900, paused: 100 })
  })

  it('the figures of several shards are added', async () => {
    const beat = fleet.create({ shards: 3 })
    await beat.schedules.putMany(
      Array.from({ length: 30 }, (_, index) => ({ name: `s-${index}`, task: 'none', every: '1h' })),
    )
    for (let index = 0; index < 5; index++) await beat.schedules.pause(`s-${index}`)
    await beat.start()
    expect(await checkStates(beat)).toEqual({ ...NONE, active: 25, paused: 5 })
    expect(await beat.figures()).toMatchObject({ dueCount: 0, overdueMs: 0, waitingCount: 0, workerCount: 1 })
  })
})
