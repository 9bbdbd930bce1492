import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.js'
import { readRunText } from '../../src/schedule/stored-run.js'
import { createFleet, createGate, untilAborted, type Gate } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const HOUR = 3_600_000
const ONCE = { task: 'job', at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

function gatedFleet(options: { workers?: number; concurrency?: number } = {}) {
  const ran: { run: Run; gate: Gate }[] = []
  const fleet = createFleet(redis.url, {
    ...options,
    tasks: (beat) => {
      beat.task('job', (run) => {
        const entry = { run, gate: createGate() }
        ran.push(entry)
        return untilAborted(run, entry.gate)
      })
      beat.task('failing', () => {
        throw new Error('no luck')
      })
    },
  })
  return { fleet, ran, schedules: fleet.control.schedules }
}

describe('cancel', () => {
  it('cancel aborts a run on any worker, and records it as cancelled', async () => {
    const { fleet, ran, schedules } = gatedFleet()
    await schedules.put('it', { ...ONCE, retries: 5 })
    await fleet.start()
    const { runId } = await fleet.next('run:started')
    expect(await schedules.cancel(runId)).toEqual({ outcome: 'cancelling' })
    await fleet.next('run:failed', ({ reason }) => reason === 'cancelled')
    expect(ran[0]!.run.signal.reason).toMatchObject({ code: 'ERR_EVERYBEAT_CANCELLED' })
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'cancelled', reason: 'cancelled', runId }])
    expect(await schedules.runs()).toEqual([])
    expect(await schedules.cancel(runId)).toEqual({ outcome: 'missing' })
  })

  it('cancel ends a waiting run, which is never delivered', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { ...ONCE, task: 'failing', retries: 3, backoff: { type: 'fixed', delay: '5m' } })
    await fleet.start()
    const { runId } = await fleet.next('run:retrying')
    expect(await schedules.cancel(runId)).toEqual({ outcome: 'cancelled' })
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'cancelled', runId, attempt: 2 }])
    expect(await schedules.runs()).toEqual([])
  })

  it('a cancelled run is not retried when the message is lost and the run fails', async () => {
    const { fleet, schedules, ran } = gatedFleet()
    await schedules.put('it', { ...ONCE, timeout: 400, retries: 3, backoff: { delay: 10, max: 10 } })
    await fleet.start()
    const { runId, worker } = await fleet.next('run:started')
    // As `cancel` leaves it, but for the message, which this worker never hears.
    const state = fleet.key('state', 'it')
    const run = readRunText((await fleet.redis.hget(state, `run:${runId}`))!)!
    expect(run).toMatchObject({ worker })
    const { nominalMs: n, fence: f, attempt: a, delivery: d, claimedAtMs: s } = run
    const cancelled = { n, f, a, d, s, w: worker, m: 0, k: 'o', x: true }
    await fleet.redis.hset(state, `run:${runId}`, JSON.stringify(cancelled))
    await fleet.next('run:failed')
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'cancelled', reason: 'cancelled' }])
    expect(ran).toHaveLength(1)
  })

  it.each(['nobody', 'nobody@12', 'a@b', '@1', '\u0000@1', 'x@1#2#3'])(
    'cancel says that %j is missing',
    async (runId) => {
      const { schedules } = gatedFleet()
      expect(await schedules.cancel(runId)).toEqual({ outcome: 'missing' })
    },
  )
})

describe('pause and resume', () => {
  it('a paused schedule is not claimed, and resume continues from now with the missed occurrences in the history', async () => {
    const { fleet, ran, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: 200, misfire: 'all' })
    await fleet.start()
    await fleet.next('run:started')
    expect(await schedules.pause('it', { note: 'moving house' })).toEqual({ outcome: 'paused', revision: 1 })
    ran[0]!.gate.open()
    await fleet.next('run:succeeded')
    const view = await schedules.get('it')
    expect(view).toMatchObject({ state: 'paused', next: null, paused: { note: 'moving house' } })
    const resumeAt = view!.paused!.at.getTime() + 700
    await expect.poll(() => Date.now()).toBeGreaterThan(resumeAt)
    expect(ran).toHaveLength(1)
    expect(await schedules.resume('it')).toMatchObject({ outcome: 'resumed' })
    const again = await fleet.next('run:started', ({ scheduledAt }) => scheduledAt >= resumeAt)
    const missed = (await fleet.history('it', 4)).filter(({ reason }) => reason === 'paused')
    const count = missed.reduce((sum, { count: many = 1 }) => sum + many, 0)
    expect(count).toBeGreaterThanOrEqual(3)
    const paused = missed.at(-1)!.scheduledAt.getTime()
    expect(again.scheduledAt).toBe(paused + 200)
  })

  it('a pause records overdue occurrences as skipped', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: HOUR })
    const newest = Math.floor(Date.now() / HOUR) * HOUR
    await fleet.makeOverdue('it', newest - 2 * HOUR)
    await schedules.pause('it')
    await schedules.resume('it')
    const history = await fleet.history('it', 3)
    expect(history.map(({ scheduledAt, reason }) => [scheduledAt.getTime(), reason])).toEqual([
      [newest - 2 * HOUR, 'paused'],
      [newest - HOUR, 'paused'],
      [newest, 'paused'],
    ])
  })

  it('a pause with an end resumes the schedule at that instant', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: 100 })
    const until = Date.now() + 600
    await schedules.pause('it', { until })
    await fleet.start()
    const { scheduledAt } = await fleet.next('run:started')
    expect(scheduledAt).toBeGreaterThanOrEqual(until - 100)
    const view = await schedules.get('it')
    expect(view?.state).toBe('active')
    expect(view?.paused).toBeUndefined()
  })

  it('a paused schedule does not start an occurrence that waited in the queue at the start of the pause', async () => {
    const { fleet, ran, schedules } = gatedFleet()
    // Long enough that a busy machine starts the first before the second is due: else that one would not be overlapped.
    await schedules.put('it', { task: 'job', every: 1_500, overlap: 'queue' })
    await fleet.start()
    const { scheduledAt } = await fleet.next('run:started')
    await fleet.next('run:skipped', ({ reason }) => reason === 'overlap')
    await schedules.pause('it')
    ran[0]!.gate.open()
    await fleet.next('run:skipped', ({ reason }) => reason === 'paused')
    expect(ran).toHaveLength(1)
    const history = await fleet.history('it', 3)
    expect(history.find(({ reason }) => reason === 'paused')?.scheduledAt.getTime()).toBe(scheduledAt + 1_500)
  })

  it('a pause ends at its instant while the schedule is disabled, and leaves no entry in the due index', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: '1h' })
    await schedules.pause('it', { until: new Date(Date.now() + 300) })
    await schedules.patch('it', { enabled: false })
    await fleet.start()
    await expect.poll(async () => (await schedules.get('it'))?.paused).toBeUndefined()
    expect(await fleet.redis.zscore(fleet.key('due'), 'it')).toBeNull()
  })

  it('edits do not end a pause, and an edit of the trigger during the pause takes effect', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: '1h' })
    await schedules.pause('it', { note: 'why' })
    await schedules.patch('it', { note: 'edited' })
    await fleet.start()
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'tags', 'a,b')
    // Long enough for the pause to end before its first instant.
    await schedules.put('it', { task: 'job', every: 2_000 })
    expect(await schedules.get('it')).toMatchObject({ state: 'paused', paused: { note: 'why' } })
    await schedules.resume('it')
    await fleet.next('run:started')
    // The occurrences of the new trigger during the pause are unknown, so none is recorded.
    expect((await schedules.history('it')).filter(({ reason }) => reason === 'paused')).toEqual([])
  })

  it('a paused schedule runs a manual run', async () => {
    const { fleet, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: '1h' })
    await schedules.pause('it')
    await fleet.start()
    await schedules.trigger('it')
    expect(await fleet.next('run:started')).toMatchObject({ manual: true })
  })

  it('pause and resume report a missing schedule, and refuse wrong options', async () => {
    const { schedules } = gatedFleet()
    expect(await schedules.pause('nobody')).toEqual({ outcome: 'missing', revision: 0 })
    expect(await schedules.resume('nobody')).toEqual({ outcome: 'missing', revision: 0 })
    expect(await schedules.trigger('nobody')).toEqual({ outcome: 'missing' })
    expect(await schedules.trigger('nobody', { payload: 1 })).toEqual({ outcome: 'missing' })
    await expect(schedules.pause('it', { until: 'tomorrow' })).rejects.toThrow(/until: "tomorrow"/)
    await expect(schedules.pause('it', { note: 'x'.repeat(5_000) })).rejects.toThrow(/note/)
    await expect(schedules.pause('it', { note: 7 as unknown as string })).rejects.toThrow(/note: 7/)
    await expect(schedules.pause('')).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    await expect(schedules.resume(7 as unknown as string)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    await expect(schedules.trigger('a\u0000b')).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    await expect(schedules.history('it', { limit: 0 })).rejects.toThrow(/limit: 0/)
    await expect(schedules.cancel(7 as unknown as string)).rejects.toThrow(/runId: 7/)
    await expect(schedules.runs({ state: 'odd' as 'running' })).rejects.toThrow(/state: "odd"/)
    const unknown = { ifrevision: 99 } as never
    await expect(schedules.put('it', { every: '1h' }, unknown)).rejects.toThrow(/did you mean ifRevision/)
    await expect(schedules.patch('it', { every: '1h' }, unknown)).rejects.toThrow(/did you mean ifRevision/)
    await expect(schedules.pause('it', { nte: 'x' } as never)).rejects.toThrow(/did you mean note/)
    await expect(schedules.activity({ from: 0, to: 1, form: 0 } as never)).rejects.toThrow(/"form" is not known/)
    await expect(schedules.put('it', { every: '1h' }, { ifRevision: -1 })).rejects.toThrow(/ifRevision: -1/)
  })
})

describe('trigger', () => {
  it('trigger starts a run now with its own payload and its own run id, and does not move the schedule', async () => {
    const { fleet, ran, schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: '1h', payload: { usual: true } })
    const before = (await schedules.get('it'))?.next
    await fleet.start()
    const one = await schedules.trigger('it', { payload: { extra: 1 } })
    const two = await schedules.trigger('it')
    await expect.poll(() => ran.length).toBe(2)
    const payloads = ran.map(({ run }) => run.payload)
    expect(payloads).toEqual(expect.arrayContaining([{ extra: 1 }, { usual: true }]))
    expect(ran.every(({ run }) => run.manual)).toBe(true)
    expect(one.outcome === 'triggered' && two.outcome === 'triggered' && one.runId !== two.runId).toBe(true)
    for (const { gate } of ran) gate.open()
    await fleet.history('it', 2)
    expect((await schedules.get('it'))?.next).toEqual(before)
  })

  it('trigger refuses a payload that cannot be stored', async () => {
    const { schedules } = gatedFleet()
    await schedules.put('it', { task: 'job', every: '1h' })
    await expect(schedules.trigger('it', { payload: 1n })).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_PAYLOAD' })
    const large = 'x'.repeat(256 * 1024)
    await expect(schedules.trigger('it', { payload: large })).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_PAYLOAD' })
  })
})
