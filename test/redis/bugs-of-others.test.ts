import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.js'
import { countCommands, scriptCalls } from '../support/command-counts.js'
import { createFleet, createGate, untilAborted, type PolicyFleetOptions } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { startRedisProxy } from '../support/redis-proxy.js'

const HOUR = 3_600_000
const hourNow = () => Math.floor(Date.now() / HOUR) * HOUR

function fleetOn(url: string, handler: (run: Run) => unknown = () => 'done', options: PolicyFleetOptions = {}) {
  const ran: Run[] = []
  const tasks: PolicyFleetOptions['tasks'] = (beat) =>
    beat.task('job', (run) => {
      ran.push(run)
      return handler(run)
    })
  const fleet = createFleet(url, { tasks, ...options })
  return { fleet, ran, schedules: fleet.control.schedules }
}

/** Each test is named after a bug that another scheduler had; more of them are in bugs-of-others-*.test.ts. */
describe('bugs of other schedulers', () => {
  const redis = useRedis()

  it('a schedule advances past its skipped occurrences, and its history is bounded', async () => {
    const gate = createGate()
    const { fleet, ran, schedules } = fleetOn(redis.url, (run) => untilAborted(run, gate))
    await fleet.start()
    await schedules.put('it', { task: 'job', every: 100 })
    await fleet.next('run:skipped')
    const first = (await schedules.get('it'))!.next!.getTime()
    await fleet.next('run:skipped', ({ scheduledAt }) => scheduledAt >= first + 300)
    expect((await schedules.get('it'))!.next!.getTime()).toBeGreaterThan(first + 300)
    expect(ran).toHaveLength(1)
    gate.open()
    const filler = fleet.redis.pipeline()
    for (let index = 0; index < 3_000; index++)
      filler.xadd(fleet.key('history', 'it'), '*', 'at', index, 'outcome', 'ok')
    await filler.exec()
    const seen = ran.length
    await fleet.next('run:succeeded', () => ran.length > seen + 1)
    expect(await fleet.redis.xlen(fleet.key('history', 'it'))).toBeLessThan(1_200)
  })

  it('a schedule that is removed and created again starts without its former state', async () => {
    const gate = createGate()
    const { fleet, ran, schedules } = fleetOn(redis.url, (run) => untilAborted(run, gate))
    await schedules.put('it', { task: 'job', every: 100, overlap: 'queue', limit: 300 })
    await fleet.start()
    await fleet.next('run:skipped')
    await schedules.trigger('it')
    await schedules.pause('it', { note: 'old' })
    // The schedule is removed once by the API and once by a plain command: the new one has no trace of it either way.
    await schedules.remove('it')
    await schedules.put('it', { task: 'job', every: '1h' })
    expect(await schedules.history('it')).toEqual([])
    const view = await schedules.get('it')
    expect(view).toMatchObject({ state: 'active', revision: 1, last: null })
    await schedules.pause('it')
    await fleet.redis.del(fleet.key('schedule', 'it'))
    expect(await schedules.put('it', { task: 'job', every: 200 })).toEqual({ outcome: 'created', revision: 1 })
    expect((await schedules.get('it'))?.state).toBe('active')
    // The run that goes from before keeps its lease, so that two never go at once; when it ends the new one is free.
    const count = ran.length
    gate.open()
    await fleet.next('run:started', () => ran.length > count)
  })

  it('two workers on one host have different ids', async () => {
    const { fleet } = fleetOn(redis.url)
    await fleet.start()
    const workers = await fleet.control.fleet()
    expect(new Set(workers.map(({ id }) => id)).size).toBe(2)
    expect(new Set(workers.map(({ host, pid }) => `${host} ${pid}`)).size).toBe(1)
  })

  it('a slow but successful renewal does not extend trust', async () => {
    await using proxy = await startRedisProxy(redis.url)
    const aborted: { fence: number; code: unknown; lease: string | null }[] = []
    const { fleet } = fleetOn(
      redis.url,
      (run) =>
        new Promise((resolve) =>
          run.signal.addEventListener('abort', () => {
            const { code } = run.signal.reason as { code?: unknown }
            void redis.client.get(fleet.key('lease', 'it')).then((lease) => {
              aborted.push({ fence: run.fence, code, lease })
              resolve('stopped')
            })
          }),
        ),
      { workers: 0 },
    )
    fleet.add({ redis: proxy.url })
    await fleet.start()
    await fleet.control.schedules.put('it', { task: 'job', at: Date.now() })
    await fleet.next('run:started')
    // From here on renewals reach Redis, which extends the lease each time; the answers stay away.
    proxy.setTraffic('lose-replies')
    await expect.poll(() => aborted.length).toBe(1)
    expect(aborted[0]!.code).toBe('ERR_EVERYBEAT_LEASE_LOST')
    // Redis still holds the lease that the renewals extended: the worker gave up trust although they succeeded.
    expect(aborted[0]!.lease).toMatch(new RegExp(`:${aborted[0]!.fence}$`))
    proxy.setTraffic('pass')
  })

  it('the lease of a dead worker does not hide the next wake-up', async () => {
    const { fleet, schedules } = fleetOn(redis.url)
    await schedules.put('other', { task: 'job', every: 100, overlap: 'allow' })
    await schedules.put('it', { task: 'job', at: Date.now() + 300 })
    await fleet.redis.set(fleet.key('lease', 'it'), 'dead:1', 'PX', 1_500)
    await fleet.start()
    await fleet.next('run:succeeded', ({ schedule }) => schedule === 'other')
    const started = await fleet.next('run:started', ({ schedule }) => schedule === 'it')
    expect(started.latenessMs).toBeGreaterThan(900)
    expect((await schedules.history('other')).every(({ outcome }) => outcome === 'ok')).toBe(true)
  })

  it('more than 100 missed occurrences do not stop a schedule', async () => {
    const { fleet, ran, schedules } = fleetOn(redis.url)
    await schedules.put('it', { task: 'job', every: '1m', misfire: 'all', maxCatchUp: 150, catchUpWindow: '10h' })
    const newest = Math.floor(Date.now() / 60_000) * 60_000
    await fleet.makeOverdue('it', newest - 499 * 60_000)
    await fleet.start()
    await fleet.next('run:succeeded', ({ scheduledAt }) => scheduledAt >= newest)
    const instants = ran.map(({ scheduledAt }) => scheduledAt.getTime())
    expect(instants).toEqual([...instants].sort((left, right) => left - right))
    expect(new Set(instants).size).toBe(instants.length)
    expect(instants.length).toBeGreaterThanOrEqual(150)
    const total = (await schedules.history('it')).reduce((sum, { count = 1 }) => sum + count, 0)
    expect(total).toBeGreaterThanOrEqual(500)
  })

  it('a repeated hour neither stops nor reorders occurrences', async () => {
    const { fleet, ran, schedules } = fleetOn(redis.url)
    await schedules.put('it', {
      task: 'job',
      cron: '*/30 1 * * *',
      tz: 'America/New_York',
      dstOverlap: 'both',
      end: '2025-11-02T12:00',
      misfire: 'all',
      catchUpWindow: '9999d',
    })
    // The end has passed, and the schedule looks as if no worker had claimed it since the morning of that day.
    await fleet.makeOverdue('it', Date.parse('2025-11-02T05:00:00Z'))
    await fleet.start()
    const history = await fleet.history('it', 4)
    expect(history.map(({ scheduledAt }) => scheduledAt.toISOString())).toEqual([
      '2025-11-02T05:00:00.000Z',
      '2025-11-02T05:30:00.000Z',
      '2025-11-02T06:00:00.000Z',
      '2025-11-02T06:30:00.000Z',
    ])
    expect(ran).toHaveLength(4)
    expect((await schedules.get('it'))?.state).toBe('finished')
  })

  it('keys of the wrong type do not stop the tick for other schedules', async () => {
    const { fleet, schedules } = fleetOn(redis.url)
    const names = ['text', 'state', 'lease', 'history', 'nonsense', 'pending']
    for (const name of names) await schedules.put(name, { task: 'job', every: 100 })
    await schedules.put('good', { task: 'job', every: 100 })
    await fleet.redis.del(...['text', 'state'].map((name) => fleet.key(name === 'text' ? 'schedule' : 'state', name)))
    await fleet.redis.set(fleet.key('schedule', 'text'), 'not a hash')
    await fleet.redis.rpush(fleet.key('state', 'state'), 'not a hash')
    await fleet.redis.rpush(fleet.key('lease', 'lease'), 'not a lease')
    await fleet.redis.set(fleet.key('history', 'history'), 'not a stream')
    await fleet.redis.hset(fleet.key('schedule', 'nonsense'), 'cron', 'every now and then', 'maxConcurrent', 'many')
    await fleet.redis.hset(fleet.key('state', 'pending'), 'run:pending@5', '{not json', 'paused', '{neither')
    await fleet.redis.zadd(fleet.key('pending'), 5, 'pending@5', 5, 'nobody@5', 5, 'no run id')
    await fleet.redis.zadd(fleet.key('running'), 5, 'nobody@6', 5, 'no run id')
    await fleet.redis.zadd(fleet.key('due'), 5, 'nobody')
    await fleet.start()
    const startedAt = Date.now()
    for (const name of ['good', 'history', 'state']) {
      await fleet.next('run:succeeded', ({ schedule, scheduledAt }) => schedule === name && scheduledAt > startedAt)
    }
    expect(fleet.told.filter(({ name }) => name === 'error')).toEqual([])
    expect((await schedules.get('nonsense'))?.state).toBe('invalid')
    await schedules.list()
    await schedules.runs()
    for (const name of [...names, 'good']) await schedules.explain(name)
  })

  it('a fleet restarted more often than the interval still fires', async () => {
    const { fleet, ran, schedules } = fleetOn(redis.url, undefined, { workers: 0 })
    await schedules.put('it', { task: 'job', every: '1s' })
    while (ran.length < 4 || fleet.workers.length < 5) {
      const beat = fleet.add()
      await beat.start()
      const bornAt = Date.now()
      await expect.poll(() => Date.now() - bornAt, { interval: 20 }).toBeGreaterThan(300)
      await beat.stop({ timeoutMs: 500 })
    }
    const history = await fleet.history('it', 3)
    const instants = ran.map(({ scheduledAt }) => scheduledAt.getTime())
    expect(instants).toEqual(Array.from(instants, (_, index) => instants[0]! + index * 1_000))
    expect(history.every(({ outcome }) => outcome === 'ok')).toBe(true)
  })

  it('an interval never drifts', async () => {
    const { fleet, schedules } = fleetOn(redis.url, () => new Promise((resolve) => setTimeout(resolve, 30)))
    await schedules.put('it', { task: 'job', every: 100 })
    await fleet.start()
    await fleet.history('it', 20)
    // Each instant has an entry, whether it ran or, on a busy machine, was skipped by overlap.
    const entries = await schedules.history('it')
    const instants = entries.map(({ scheduledAt }) => scheduledAt.getTime()).sort((left, right) => left - right)
    instants.splice(15)
    expect(instants).toEqual(Array.from(instants, (_, index) => instants[0]! + index * 100))
    expect(instants[0]! % 100).toBe(0)
  })

  it('disabled and paused schedules that are overdue take no commands', async () => {
    const { fleet, schedules } = fleetOn(redis.url)
    const many = Array.from({ length: 200 }, (_, index) => ({ name: `s${index}`, task: 'job', every: '1h' }))
    await schedules.putMany(many)
    for (const { name } of many) await fleet.makeOverdue(name, hourNow())
    for (const { name } of many.slice(0, 100)) await schedules.patch(name, { enabled: false })
    for (const { name } of many.slice(100)) await schedules.pause(name)
    expect(await fleet.redis.zcard(fleet.key('due'))).toBe(0)
    await fleet.start()
    await fleet.next('worker:joined')
    await fleet.control.fleet()
    const counts = await countCommands(redis.url, async () => {
      const from = Date.now()
      await expect.poll(() => Date.now() - from, { interval: 100 }).toBeGreaterThan(3_000)
    })
    // Heartbeats and what the maintenance inspects, but not a claim for each of the schedules.
    expect(scriptCalls(counts)).toBeLessThan(many.length / 2)
  })

  it('a second run does not start while the first runs', async () => {
    let going = 0
    let most = 0
    const { fleet, schedules } = fleetOn(redis.url, async (run) => {
      most = Math.max(most, ++going)
      // Far longer than its lease of a second, which has to be extended again and again.
      await untilAborted(run, { opened: new Promise((resolve) => setTimeout(resolve, 3_500)), open() {} })
      going -= 1
    })
    await schedules.put('it', { task: 'job', every: 100 })
    await fleet.start()
    await fleet.next('run:succeeded')
    expect(most).toBe(1)
    const skipped = (await schedules.history('it')).filter(({ reason }) => reason === 'overlap')
    expect(skipped.length).toBeGreaterThan(25)
  })
})
