import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.js'
import { createFleet, createGate, untilAborted, type Gate } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { readServerTime } from '../support/server-time.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const HOUR = 3_600_000
const FROM = Date.UTC(2026, 0, 1)

function fleetOf(
  handler: (run: Run) => unknown = () => 'done',
  options: { workers?: number; concurrency?: number } = {},
) {
  const ran: Run[] = []
  const fleet = createFleet(redis.url, {
    ...options,
    tasks: (beat) =>
      beat.task('job', (run) => {
        ran.push(run)
        return handler(run)
      }),
  })
  return { fleet, ran, schedules: fleet.control.schedules }
}

describe('backfill', () => {
  it('backfill runs a range in order, both ends included, and does not move the schedule', async () => {
    const { fleet, ran, schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1h', payload: { x: 1 } })
    await fleet.start()
    const before = await schedules.get('it')
    const asked = await schedules.backfill('it', { from: FROM, to: new Date(FROM + 5 * HOUR) })
    expect(asked).toMatchObject({ outcome: 'enqueued', count: 6 })
    const history = await fleet.history('it', 6)
    const instants = Array.from({ length: 6 }, (_, index) => FROM + index * HOUR)
    expect(asked.instants.map((at) => at.getTime())).toEqual(instants)
    expect(ran.map(({ scheduledAt }) => scheduledAt.getTime())).toEqual(instants)
    expect(history.map(({ runId }) => runId)).toEqual(asked.runIds)
    expect(new Set(asked.runIds).size).toBe(6)
    expect(ran[0]).toMatchObject({ catchUp: true, manual: false, payload: { x: 1 }, attempt: 1 })
    const after = await schedules.get('it')
    expect(after?.next).toEqual(before?.next)
    expect(after?.last).toEqual(before?.last)
    expect(await fleet.redis.hget(fleet.key('state', 'it'), 'backfill')).toBeNull()
    expect(await schedules.runs()).toEqual([])
  })

  it('a dry run of backfill gives the occurrences, and runs none', async () => {
    const { schedules, fleet } = fleetOf()
    await schedules.put('it', { task: 'job', cron: '0 9 * * 1-5', tz: 'Asia/Shanghai' })
    const planned = await schedules.backfill('it', { from: '2026-01-05', to: '2026-01-11', dryRun: true })
    expect(planned).toMatchObject({ outcome: 'planned', count: 5, runIds: [] })
    expect(planned.instants[0]).toEqual(new Date('2026-01-05T01:00:00Z'))
    expect(await fleet.redis.exists(fleet.key('backfill', 'it'))).toBe(0)
    expect(await schedules.runs()).toEqual([])
  })

  it('backfill has one run at a time by default, and as many as `concurrency` says', async () => {
    const gates: Gate[] = []
    const { fleet, schedules, ran } = fleetOf((run) => {
      const gate = createGate()
      gates.push(gate)
      return untilAborted(run, gate)
    })
    await schedules.put('one', { task: 'job', every: '1h' })
    await schedules.put('three', { task: 'job', every: '1h' })
    await fleet.start()
    await schedules.backfill('one', { from: FROM, to: FROM + 3 * HOUR })
    await schedules.backfill('three', { from: FROM, to: FROM + 9 * HOUR, concurrency: 3 })
    await expect.poll(() => gates.length).toBe(4)
    await expect.poll(async () => (await schedules.runs()).length).toBe(4)
    expect(ran.filter(({ schedule }) => schedule === 'one')).toHaveLength(1)
    for (let index = 0; index < 14; index++) {
      await expect.poll(() => gates.length).toBeGreaterThan(index)
      gates[index]!.open()
    }
    await fleet.history('one', 4)
    await fleet.history('three', 10)
  })

  it('backfill starts at most maxPerSecond runs a second', async () => {
    const { fleet, schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1h' })
    await fleet.start()
    const askedAt = await readServerTime(fleet.redis)
    await schedules.backfill('it', { from: FROM, to: FROM + 4 * HOUR, maxPerSecond: 10, concurrency: 5 })
    const history = await fleet.history('it', 5)
    // By the clock of Redis, which gives each its instant: a busy machine starts some later, and none earlier.
    const startedAfterMs = history.map(({ startedAt }) => startedAt!.getTime() - askedAt)
    for (const [index, ms] of startedAfterMs.entries()) expect(ms).toBeGreaterThanOrEqual(index * 100)
  })

  it('backfill does not starve due occurrences on one worker with one slot', async () => {
    const { fleet, ran, schedules } = fleetOf(() => new Promise((resolve) => setTimeout(resolve, 20)), {
      workers: 1,
      concurrency: 1,
    })
    await schedules.put('old', { task: 'job', every: '1h' })
    await schedules.put('live', { task: 'job', every: 100 })
    await fleet.start()
    await schedules.backfill('old', { from: FROM, to: FROM + 500 * HOUR, concurrency: 100 })
    await waitFor(() => ran.filter((run) => run.schedule === 'live').length >= 5, { what: 'five live runs' })
    const [old, live] = [ran.filter((run) => run.catchUp), ran.filter((run) => run.schedule === 'live')]
    for (const { scheduledAt, startedAt } of live) {
      // One that was claimed just before, and one that had waited longer; not a matter of time on a busy machine.
      const before = old.filter((run) => run.startedAt > scheduledAt && run.startedAt < startedAt)
      expect(before.length).toBeLessThanOrEqual(2)
    }
    expect(old.length).toBeLessThan(500)
  })

  it('backfill runs beside the live run of the schedule, whatever its overlap policy, and while it is paused', async () => {
    const gate = createGate()
    const { fleet, schedules } = fleetOf((run) => (run.catchUp ? 'old' : untilAborted(run, gate)))
    await schedules.put('it', { task: 'job', every: 100, overlap: 'replace' })
    await fleet.start()
    await fleet.next('run:started')
    await schedules.pause('it')
    await schedules.backfill('it', { from: FROM, to: FROM + 100 })
    await fleet.next('run:succeeded', ({ scheduledAt }) => scheduledAt === FROM + 100)
    gate.open()
  })

  it('backfill continues after a run that fails, is retried, or is cancelled', async () => {
    const { fleet, schedules, ran } = fleetOf(({ attempt, scheduledAt, signal }) => {
      if (scheduledAt.getTime() === FROM && attempt === 1) throw new Error('no luck')
      if (scheduledAt.getTime() === FROM + HOUR) throw new Error('never')
      if (scheduledAt.getTime() === FROM + 2 * HOUR) return untilAborted({ signal })
      return 'done'
    })
    await schedules.put('it', { task: 'job', every: '1h', retries: 1, backoff: { delay: 10, max: 10 } })
    await fleet.start()
    const { runIds } = await schedules.backfill('it', { from: FROM, to: FROM + 5 * HOUR })
    await fleet.next('run:started', ({ runId }) => runId === runIds[2])
    // One that goes, one that waits far behind it.
    expect(await schedules.cancel(runIds[4]!)).toEqual({ outcome: 'cancelled' })
    expect(await schedules.cancel(runIds[2]!)).toEqual({ outcome: 'cancelling' })
    const history = await fleet.history('it', 6)
    const outcomes = new Map(history.map(({ runId, outcome }) => [runId, outcome]))
    expect(runIds.map((runId) => outcomes.get(runId))).toEqual(['ok', 'failed', 'cancelled', 'ok', 'cancelled', 'ok'])
    expect(ran.map(({ id }) => runIds.indexOf(id))).toEqual([0, 0, 1, 1, 2, 3, 5])
  })

  it('the removal of a schedule removes its backfill too', async () => {
    const { fleet, schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1h' })
    await schedules.backfill('it', { from: FROM, to: FROM + 50 * HOUR })
    await schedules.remove('it')
    expect(await fleet.redis.keys(`{${fleet.prefix}}:*`)).toEqual([])
  })

  it('backfill leaves future occurrences to the schedule, and a range may have no occurrence', async () => {
    const { schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1d' })
    const ahead = Date.now() + 10 * 24 * HOUR
    expect(await schedules.backfill('it', { from: Date.now(), to: ahead })).toMatchObject({
      outcome: 'enqueued',
      count: 0,
    })
    expect(await schedules.backfill('nobody', { from: FROM, to: FROM })).toMatchObject({ outcome: 'missing', count: 0 })
  })

  it('backfill refuses invalid ranges and paces', async () => {
    const { schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1s' })
    const range = { from: FROM, to: FROM + 10_000 }
    const refused = (options: object, message: RegExp) =>
      expect(schedules.backfill('it', options as never)).rejects.toThrow(message)
    await refused({ from: FROM, to: FROM - 1 }, /from: 2026-01-01T00:00:00.000Z is after to/)
    await refused({ from: 'soon', to: FROM }, /from: "soon"/)
    await refused({ from: FROM }, /to: undefined/)
    await refused({ ...range, maxPerSecond: 0 }, /maxPerSecond: 0/)
    await refused({ ...range, maxPerSecond: '5' }, /maxPerSecond: "5"/)
    await refused({ ...range, concurrency: 1.5 }, /concurrency: 1.5/)
    await refused({ ...range, rate: 1 }, /"rate" is not known/)
    await refused(
      { from: FROM, to: FROM + HOUR },
      /more than 1000 occurrences of "it"; use a smaller one, for example up to/,
    )
    await expect(schedules.backfill('', range)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    const full = { from: FROM, to: FROM + 999_000 }
    for (let index = 0; index < 10; index++) await schedules.backfill('it', full)
    await refused(full, /wait already/)
  })
})
