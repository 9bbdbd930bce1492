import { describe, expect, it } from 'vitest'
import { createFleet, createGate } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('the history', () => {
  it('the history is bounded by count', async () => {
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', every: '1h' })
    const full = fleet.redis.pipeline()
    for (let index = 0; index < 2_000; index++) full.xadd(fleet.key('history', 'it'), '*', 'at', index, 'outcome', 'ok')
    await full.exec()
    await fleet.start()
    await fleet.control.schedules.trigger('it')
    await fleet.next('run:succeeded')
    const length = await fleet.redis.xlen(fleet.key('history', 'it'))
    expect(length).toBeGreaterThanOrEqual(1_000)
    expect(length).toBeLessThan(1_200)
    expect(await fleet.control.schedules.history('it')).toHaveLength(1_000)
    expect(await fleet.control.schedules.history('it', { limit: 3 })).toHaveLength(3)
  })

  it('the history is bounded by age: entries older than 30 days are not shown, and are removed', async () => {
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', every: '1h' })
    const key = fleet.key('history', 'it')
    for (const ageDays of [40, 31, 29]) {
      await fleet.redis.xadd(key, `${Date.now() - ageDays * DAY}-0`, 'at', ageDays, 'outcome', 'ok', 'run', 'it@1')
    }
    expect((await fleet.control.schedules.history('it')).map(({ scheduledAt }) => scheduledAt.getTime())).toEqual([29])
    await fleet.start()
    await waitFor(async () => (await fleet.redis.xlen(key)) === 1, { what: 'the maintenance to trim the history' })
  })

  it('a history key that was overwritten with another type is repaired', async () => {
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', every: '1h' })
    await fleet.redis.set(fleet.key('history', 'it'), 'not a stream')
    await fleet.start()
    await fleet.control.schedules.trigger('it')
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'ok', result: 'x' }])
  })

  it('a history that accepts no later id is replaced by its entries that are not from the future', async () => {
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', every: '1h' })
    const key = fleet.key('history', 'it')
    await fleet.start()
    await fleet.redis.xadd(key, '*', 'at', '1', 'outcome', 'ok', 'run', 'it@1')
    const last = '18446744073709551615'
    await fleet.redis.xadd(key, `${last}-${last}`, 'at', '2', 'outcome', 'ok', 'run', 'it@2')
    await fleet.control.schedules.trigger('it')
    await fleet.next('run:succeeded')
    const entries = await fleet.control.schedules.history('it')
    expect(entries.map(({ runId }) => runId.startsWith('it@1'))).toEqual([true, true])
    expect(entries.at(-1)).toMatchObject({ runId: 'it@1' })
  })

  it('a Redis without free memory keeps the history unchanged, and the run is recorded when memory is free again', async () => {
    const gate = createGate()
    const fleet = createFleet(redis.url, {
      workers: 1,
      leaseMs: 30_000,
      tasks: (beat) => beat.task('job', () => gate.opened),
    })
    await fleet.control.schedules.put('it', { task: 'job', every: '1h' })
    const key = fleet.key('history', 'it')
    await fleet.redis.xadd(key, '*', 'at', '1', 'outcome', 'ok', 'run', 'it@1')
    await fleet.start()
    await fleet.control.schedules.trigger('it')
    await fleet.next('run:started')
    await fleet.redis.config('SET', 'maxmemory', '1')
    try {
      gate.open()
      await fleet.next('error')
      expect(await fleet.redis.xlen(key)).toBe(1)
    } finally {
      await fleet.redis.config('SET', 'maxmemory', '0')
    }
    await fleet.next('run:succeeded')
    expect(await fleet.redis.xlen(key)).toBe(2)
  })

  it.each(['put', 'hset'] as const)(
    'overdue occurrences get history entries when the trigger is edited by %s',
    async (how) => {
      const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', () => 'x') })
      await fleet.control.schedules.put('it', { task: 'job', every: HOUR })
      const newest = Math.floor(Date.now() / HOUR) * HOUR
      await fleet.makeOverdue('it', newest - 2 * HOUR)
      if (how === 'put') await fleet.control.schedules.put('it', { task: 'job', every: '2h' })
      else await fleet.redis.hset(fleet.key('schedule', 'it'), 'every', '2h')
      await fleet.start()
      const [entry] = await fleet.history('it', 1)
      expect(entry).toMatchObject({ outcome: 'skipped', reason: 'edited', count: 3, until: new Date(newest) })
      expect(entry!.scheduledAt.getTime()).toBe(newest - 2 * HOUR)
      expect((await fleet.control.schedules.get('it'))!.next!.getTime()).toBeGreaterThan(Date.now())
    },
  )

  it.each([
    ['disabled', { enabled: '0' }],
    ['invalid', { cron: 'nonsense' }],
  ] as const)('overdue occurrences get history entries when the schedule is %s', async (reason, edit) => {
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', cron: '0 * * * *' })
    const newest = Math.floor(Date.now() / HOUR) * HOUR
    await fleet.makeOverdue('it', newest)
    await fleet.redis.hset(fleet.key('schedule', 'it'), edit)
    await fleet.start()
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'skipped', reason, scheduledAt: new Date(newest) }])
  })

  it('the count towards the limit begins again for a new trigger, by whatever kind of edit', async () => {
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', () => 'x') })
    await fleet.control.schedules.put('it', { task: 'job', every: 100, limit: 2 })
    await fleet.start()
    await fleet.history('it', 2)
    await expect.poll(async () => (await fleet.control.schedules.get('it'))?.state).toBe('finished')
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'every', '150')
    await fleet.history('it', 4)
    await expect.poll(async () => (await fleet.control.schedules.get('it'))?.state).toBe('finished')
    expect(await fleet.control.schedules.history('it')).toHaveLength(4)
    await fleet.control.schedules.patch('it', { limit: 3 })
    await fleet.history('it', 5)
  })
})

describe('an edit of a trigger that was not claimed for long', () => {
  it.each(['put', 'disable'] as const)(
    'an edit of a trigger that was not claimed for long records all its overdue occurrences, also far beyond the plan: %s',
    async (how) => {
      const { control, redis: client, ...fleet } = createFleet(redis.url, { workers: 0 })
      await control.schedules.put('it', { task: 'job', cron: '* * * * *', tz: 'Asia/Kolkata' })
      const minute = 60_000
      const newest = Math.floor(Date.now() / minute) * minute
      await fleet.makeOverdue('it', newest - 99 * minute)
      if (how === 'put') await control.schedules.put('it', { task: 'job', every: '1h' })
      else await control.schedules.patch('it', { enabled: false })
      const history = await control.schedules.history('it')
      const reason = how === 'put' ? 'edited' : 'disabled'
      expect(history.every((entry) => entry.outcome === 'skipped' && entry.reason === reason)).toBe(true)
      const count = history.reduce((sum, entry) => sum + (entry.count ?? 1), 0)
      expect(count).toBeGreaterThanOrEqual(100)
      expect(count).toBeLessThanOrEqual(101)
      expect(await client.zcard(fleet.key('due'))).toBe(how === 'put' ? 1 : 0)
    },
  )
})
