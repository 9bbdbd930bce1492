import { describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape, Run } from '../../src/index.js'
import { createFleet, type PolicyFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const HOUR = 3_600_000
const redis = useRedis()

/** Puts a schedule, makes it overdue since its k-th last occurrence, starts two workers and gives back what ran. */
async function overdue(definition: DefinitionShape, count: number, periodMs = HOUR) {
  const ran: Run[] = []
  const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', (run) => void ran.push(run)) })
  await fleet.control.schedules.put('late', { task: 'job', every: periodMs, ...definition } as DefinitionInput)
  const now = Date.now()
  const newest = Math.floor(now / periodMs) * periodMs
  const first = newest - (count - 1) * periodMs
  await fleet.makeOverdue('late', first)
  await fleet.start()
  return { fleet, ran, first, newest }
}

const reasons = async (fleet: PolicyFleet, count: number) =>
  (await fleet.history('late', count)).map(({ scheduledAt, outcome, reason, count: many }) => [
    scheduledAt.getTime(),
    many === undefined ? outcome : `${outcome} ×${many}`,
    reason,
  ])

describe('the misfire policy', () => {
  it('misfire latest runs the newest missed occurrence once, and counts the others', async () => {
    const { fleet, ran, newest } = await overdue({ misfire: 'latest', misfireGrace: 0 }, 4)
    await fleet.next('run:succeeded')
    expect(ran.map(({ scheduledAt, missed, catchUp }) => [scheduledAt.getTime(), missed, catchUp])).toEqual([
      [newest, 3, true],
    ])
    expect(await reasons(fleet, 4)).toEqual([
      [newest - 3 * HOUR, 'skipped', 'misfire'],
      [newest - 2 * HOUR, 'skipped', 'misfire'],
      [newest - HOUR, 'skipped', 'misfire'],
      [newest, 'ok', undefined],
    ])
    expect((await fleet.history('late', 4)).at(-1)).toMatchObject({ missed: 3 })
  })

  it('misfire skip runs no missed occurrence, and continues with the next', async () => {
    const { fleet, ran, newest } = await overdue({ misfire: 'skip', misfireGrace: 0 }, 3)
    expect(await reasons(fleet, 3)).toEqual([
      [newest - 2 * HOUR, 'skipped', 'misfire'],
      [newest - HOUR, 'skipped', 'misfire'],
      [newest, 'skipped', 'misfire'],
    ])
    expect(ran).toEqual([])
    expect((await fleet.control.schedules.get('late'))?.next?.getTime()).toBe(newest + HOUR)
  })

  it.each(['skip', 'queue', 'replace', 'allow'] as const)(
    'misfire all runs each missed occurrence in order, whatever the overlap policy: %s',
    async (overlap) => {
      const { fleet, ran, first, newest } = await overdue(
        { misfire: 'all', misfireGrace: 0, overlap, ...(overlap === 'allow' ? { maxConcurrent: 1 } : {}) },
        5,
      )
      const history = await reasons(fleet, 5)
      expect(history.map(([, outcome]) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
      const instants = Array.from({ length: 5 }, (_, index) => first + index * HOUR)
      expect(ran.map(({ scheduledAt }) => scheduledAt.getTime())).toEqual(instants)
      expect(ran.every(({ catchUp, missed }) => catchUp && missed === 0)).toBe(true)
      expect(instants.at(-1)).toBe(newest)
    },
  )

  it('a retry of an earlier occurrence starts before the occurrences that are still to be caught up', async () => {
    const order: string[] = []
    const fleet = createFleet(redis.url, {
      tasks: (beat) =>
        beat.task('job', async ({ scheduledAt, attempt }) => {
          order.push(`${(scheduledAt.getTime() - first) / HOUR} attempt ${attempt}`)
          if (order.length === 1) throw new Error('the first attempt fails')
          if (order.length > 2) return
          // The second occurrence holds the lease until the retry waits for it.
          await waitFor(async () => fleet.redis.hget(fleet.key('state', 'late'), 'waiting'), {
            what: 'the retry to wait',
          })
        }),
    })
    const definition = {
      task: 'job',
      every: HOUR,
      misfire: 'all',
      misfireGrace: 0,
      retries: 1,
      backoff: { type: 'fixed', delay: 10 },
    } as const
    await fleet.control.schedules.put('late', definition)
    const first = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR
    await fleet.makeOverdue('late', first)
    await fleet.start()
    await fleet.history('late', 4)
    expect(order).toEqual(['0 attempt 1', '1 attempt 1', '0 attempt 2', '2 attempt 1', '3 attempt 1'])
  })

  it('misfire all runs the newest maxCatchUp missed occurrences, and counts the others', async () => {
    const { fleet, newest } = await overdue({ misfire: 'all', misfireGrace: 0, maxCatchUp: 2 }, 4)
    expect(await reasons(fleet, 4)).toEqual([
      [newest - 3 * HOUR, 'skipped', 'catch-up-cap'],
      [newest - 2 * HOUR, 'skipped', 'catch-up-cap'],
      [newest - HOUR, 'ok', undefined],
      [newest, 'ok', undefined],
    ])
  })

  it('the misfire policy skips occurrences older than the catch-up window, whatever the policy', async () => {
    const { fleet, newest } = await overdue({ misfire: 'all', misfireGrace: 0, catchUpWindow: '90m' }, 4)
    const history = await reasons(fleet, 4)
    const skipped = history.filter(([, outcome]) => outcome === 'skipped')
    expect(skipped.length).toBeGreaterThanOrEqual(2)
    expect(skipped.every(([, , reason]) => reason === 'catch-up-window')).toBe(true)
    expect(history.at(-1)).toEqual([newest, 'ok', undefined])
  })

  it('the misfire policy counts an occurrence within its grace as on time', async () => {
    const { fleet, ran, newest } = await overdue({ misfire: 'skip', misfireGrace: '2h' }, 1)
    await fleet.next('run:succeeded')
    expect(ran.map(({ scheduledAt, catchUp }) => [scheduledAt.getTime(), catchUp])).toEqual([[newest, false]])
  })

  it('a single instant in the past is caught up when it is written within the catch-up window', async () => {
    const ran: Run[] = []
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', (run) => void ran.push(run)) })
    const at = Date.now() - HOUR
    await fleet.control.schedules.put('late', { task: 'job', at, misfireGrace: 0 })
    await fleet.control.schedules.put('too-late', { task: 'job', at, misfireGrace: 0, catchUpWindow: '1m' })
    await fleet.start()
    await fleet.next('run:succeeded')
    expect(await reasons(fleet, 1)).toEqual([[at, 'ok', undefined]])
    expect((await fleet.history('too-late', 1))[0]).toMatchObject({ outcome: 'skipped', reason: 'catch-up-window' })
    expect(ran.map(({ schedule, catchUp }) => [schedule, catchUp])).toEqual([['late', true]])
    expect((await fleet.control.schedules.get('late'))?.state).toBe('finished')
  })

  it('a thousand missed occurrences neither stop the schedule nor flood the fleet', async () => {
    const { fleet, ran, newest } = await overdue({ misfire: 'all', maxCatchUp: 3 }, 1_000, 60_000)
    await fleet.next('run:succeeded', ({ scheduledAt }) => scheduledAt >= newest)
    const history = await fleet.history('late', 100)
    expect(history.length).toBeLessThanOrEqual(105)
    const total = history.reduce((sum, { count = 1 }) => sum + count, 0)
    expect(total).toBe(1_000)
    expect(ran.length).toBeLessThanOrEqual(5)
    expect((await fleet.control.schedules.get('late'))?.state).toBe('active')
  })

  it('occurrences that became due while the fleet was down are caught up without an edit of the keys', async () => {
    const ran: Run[] = []
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', (run) => void ran.push(run)) })
    const [first] = fleet.workers
    await fleet.control.schedules.put('late', { task: 'job', every: 200, misfire: 'all', misfireGrace: 0 })
    await first!.start()
    await fleet.next('run:succeeded')
    await first!.stop()
    const stoppedAt = ran.at(-1)!.scheduledAt.getTime()
    await expect.poll(() => Date.now()).toBeGreaterThan(stoppedAt + 1_000)
    await fleet.workers[1]!.start()
    await fleet.next('run:succeeded', ({ scheduledAt }) => scheduledAt >= stoppedAt + 1_000)
    const instants = ran.map(({ scheduledAt }) => scheduledAt.getTime()).filter((at) => at <= stoppedAt + 1_000)
    expect(instants).toEqual(Array.from(instants, (_, index) => instants[0]! + index * 200))
  })
})
