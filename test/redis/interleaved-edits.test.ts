import { describe, expect, it } from 'vitest'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { SYSTEM_TIME } from '../../src/time-source.js'

const redis = useRedis()
const fleet = useFleet(redis)
const tag = () => `{${fleet.prefix()}}`

describe('an edit', () => {
  it('an edit of the task unparks the work of the wrong task', async () => {
    const beat = fleet.create()
    const ran: string[] = []
    beat.task('right', (run) => void ran.push(run.schedule))
    await beat.schedules.put('api', { task: 'wrong', every: '100ms' })
    await beat.schedules.put('bare', { task: 'wrong', every: '100ms' })
    await beat.start()
    await waitFor(async () => (await redis.client.zcard(`${tag()}:lane:default\nwrong`)) === 2, {
      what: 'both schedules to be parked',
    })
    await beat.schedules.patch('api', { task: 'right' })
    await redis.client.hset(`${tag()}:schedule:bare`, 'task', 'right')
    await waitFor(() => ran.includes('api') && ran.includes('bare'), { what: 'both schedules to run' })
  })

  it('an edit of an exclusion does not reset the count towards the limit', async () => {
    const beat = fleet.create()
    let runs = 0
    beat.task('limited', () => void runs++)
    await beat.schedules.put('limited', { every: '100ms', limit: 3 })
    await beat.start()
    await waitFor(() => runs >= 1, { what: 'a run' })
    await beat.schedules.patch('limited', { skipNext: new Date(Date.now() + 3_600_000) })
    const isOver = async () => (await beat.schedules.get('limited'))?.state === 'finished'
    await waitFor(async () => (await isOver()) && (await beat.schedules.history('limited')).length >= 3, {
      what: 'the end',
    })
    // Run or, on a busy machine, overlapped: three occurrences in all.
    expect(await beat.schedules.history('limited')).toHaveLength(3)
  })

  it('a plain edit that no worker has noticed counts as a revision', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1h' })
    await redis.client.hset(`${tag()}:schedule:a`, 'every', '2h')
    expect(await schedules.put('a', { every: '3h' }, { ifRevision: 1 })).toEqual({ outcome: 'conflict', revision: 2 })
    expect((await schedules.get('a'))?.revision).toBe(2)
  })
})

describe('a pause', () => {
  it('a pause is not undone by a resume that was decided before it', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '1h' })
    await beat.schedules.pause('a', { note: 'first' })
    const { RedisScheduleStore } = await import('../../src/redis/stores/schedule-store.js')
    const { SampledRedisClock } = await import('../../src/worker/loop/redis-clock.js')
    const { decidePlan } = await import('../../src/schedule/decide-plan.js')
    const clock = new SampledRedisClock(() => performance.now(), Date.now)
    const store = new RedisScheduleStore({
      client: redis.client,
      prefix: fleet.prefix(),
      shards: 1,
      clock,
      time: SYSTEM_TIME,
    })
    const { schedule, nowMs } = await store.read('a')
    await beat.schedules.pause('a', { note: 'second' })
    const decision = decidePlan(schedule!, nowMs, true)
    expect(await store.storePlan({ schedule: schedule!, ...decision, resume: true })).toBe('moved')
    expect(await beat.schedules.get('a')).toMatchObject({ state: 'paused', paused: { note: 'second' } })
  })

  it('a pause with an end remains when the schedule is disabled and enabled again', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1h' })
    const until = Date.now() + 60_000
    await schedules.pause('a', { until })
    await schedules.patch('a', { enabled: false })
    await schedules.patch('a', { enabled: true })
    expect(await redis.client.zscore(`${tag()}:due`, 'a')).toBe(String(until))
  })
})

describe('a finished schedule', () => {
  it('a finished schedule is not removed while its last run is running', async () => {
    const beat = fleet.create()
    let end = () => {}
    const going = new Promise<void>((resolve) => (end = resolve))
    beat.task('last', () => going)
    await beat.schedules.put('last', { at: new Date(), removeAfter: 0 })
    const started = nextEvent(beat, 'run:started')
    const succeeded = nextEvent(beat, 'run:succeeded')
    await beat.start()
    await started
    await waitFor(async () => Number(await redis.client.zscore(`${tag()}:due`, 'last')) > Date.now() + 2_000, {
      what: 'the delay of the removal',
    })
    end()
    await succeeded
    expect((await beat.schedules.history('last'))[0]).toMatchObject({ outcome: 'ok' })
    await waitFor(async () => (await beat.schedules.get('last')) === null, { what: 'the removal' })
  }, 30_000)
})

describe('a definition that this worker cannot read', () => {
  it('a definition that a worker cannot read shows the error that another worker stored', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1h' })
    await redis.client.hset(`${tag()}:state:a`, 'error', 'ERR_EVERYBEAT_ZONE: unknown here', 'plan', '')
    expect(await schedules.get('a')).toMatchObject({
      state: 'invalid',
      next: null,
      error: 'ERR_EVERYBEAT_ZONE: unknown here',
    })
  })
})

describe('sync', () => {
  it('sync resumes a schedule that its own pruning paused, when it is declared again', async () => {
    const beat = fleet.create()
    await beat.sync([{ name: 'a', every: '1h' }], { owner: 'web' })
    await beat.sync([], { owner: 'web', prune: 'pause' })
    expect(await beat.schedules.get('a')).toMatchObject({ state: 'paused' })
    await beat.sync([{ name: 'a', every: '1h' }], { owner: 'web' })
    expect(await beat.schedules.get('a')).toMatchObject({ state: 'active' })
  })
})
