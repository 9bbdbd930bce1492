import { describe, expect, it } from 'vitest'
import { createTestFleet } from '../../../src/testing/index.js'

const isoOf = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString())

describe('a test fleet', () => {
  it('a daily schedule in New York keeps its time of day in the night in which the clocks are set back', async () => {
    await using fleet = await createTestFleet({ now: '2026-10-31T22:00:00Z' })
    await fleet.worker((beat) => beat.task('report', () => 'done'))
    await fleet.schedules.put('daily', { task: 'report', cron: '0 9 * * *', tz: 'America/New_York' })
    const runs = await fleet.advanceTo('2026-11-03T00:00:00Z')
    expect(isoOf(runs.map(({ startedAt }) => startedAt))).toEqual([
      '2026-11-01T14:00:00.000Z',
      '2026-11-02T14:00:00.000Z',
    ])
    expect(runs[0]).toMatchObject({
      schedule: 'daily',
      outcome: 'ok',
      result: 'done',
      attempt: 1,
      missed: 0,
      manual: false,
    })
    expect(await fleet.history('daily')).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }])
    expect(fleet.now.toISOString()).toBe('2026-11-03T00:00:00.000Z')
  })

  it('the same seed gives the same history, with several workers', async () => {
    const play = async (seed: number): Promise<string> => {
      await using fleet = await createTestFleet({ seed, now: '2026-01-01T00:00:00Z' })
      for (let count = 0; count < 3; count += 1) {
        await fleet.worker((beat) => beat.task('work', () => fleet.sleep('2s')))
      }
      await fleet.schedules.put('often', { task: 'work', every: '10s' })
      await fleet.schedules.put('jittered', { task: 'work', every: '15s', jitter: '5s' })
      return JSON.stringify([await fleet.advance('5m'), await fleet.history('often')])
    }
    expect(await play(7)).toBe(await play(7))
    expect(await play(7)).not.toBe(await play(8))
  })

  it('a run that lasts in virtual time makes the next occurrence skip, by its overlap policy', async () => {
    await using fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('slow', () => fleet.sleep('90s')))
    await fleet.schedules.put('slow', { every: '1m', overlap: 'skip' })
    await fleet.advance('5m')
    const entries = (await fleet.history('slow')).sort((one, other) => +one.scheduledAt - +other.scheduledAt)
    expect(entries.map(({ outcome, reason }) => reason ?? outcome)).toEqual(['ok', 'overlap', 'ok', 'overlap'])
    expect(fleet.runs({ outcome: 'ok' }).every((run) => +run.endedAt! - +run.startedAt === 90_000)).toBe(true)
  })

  it('a run of a killed worker has a rerun on another worker, under the same id and a higher fence', async () => {
    await using fleet = await createTestFleet({ now: '2026-01-01T00:00:30Z' })
    const first = await fleet.worker((beat) => beat.task('work', () => fleet.sleep('10s')))
    await fleet.schedules.put('once', { task: 'work', at: '2026-01-01T00:01:00Z', onCrash: 'rerun' })
    await fleet.advanceTo('2026-01-01T00:01:05Z')
    await fleet.worker((beat) => beat.task('work', () => fleet.sleep('10s')))
    await fleet.kill(first)
    const [rerun] = await fleet.advance('2m')
    const [lost] = fleet.runs()
    expect(lost).toMatchObject({ outcome: 'abandoned', reason: 'crash' })
    expect(rerun).toMatchObject({ runId: lost!.runId, outcome: 'ok' })
    expect(rerun!.fence).toBeGreaterThan(lost!.fence)
    expect(rerun!.worker).not.toBe(lost!.worker)
  })

  it('a frozen worker loses its lease, and its later settlement is ignored', async () => {
    await using fleet = await createTestFleet({ everybeat: { leaseMs: 10_000 } })
    const worker = await fleet.worker((beat) => beat.task('work', () => fleet.sleep('5s')))
    await fleet.schedules.put('work', { every: '1h', onCrash: 'skip' })
    await fleet.advance('1h')
    await fleet.freeze(worker)
    await fleet.worker((beat) => beat.task('work', () => fleet.sleep('5s')))
    await fleet.advance('1m')
    await fleet.thaw(worker)
    await fleet.advance('1m')
    expect(await fleet.history('work')).toMatchObject([{ outcome: 'abandoned' }])
  })

  it('occurrences that a fleet misses while it is cut off from its store become one run, which gives their number', async () => {
    await using fleet = await createTestFleet({ now: '2026-01-01T00:00:30Z' })
    await fleet.worker((beat) => beat.task('work', () => {}))
    await fleet.schedules.put('work', { cron: '* * * * *', misfire: 'latest', misfireGrace: '1s' })
    await fleet.advance('1m')
    await fleet.disconnect()
    expect(await fleet.advance('10m')).toEqual([])
    await fleet.reconnect()
    const runs = await fleet.advance('40s')
    expect(runs[0]).toMatchObject({ catchUp: true, missed: 9 })
  })

  it('fire runs a schedule once, with its retries and without their waits, and resolves with the end of the run', async () => {
    await using fleet = await createTestFleet()
    let calls = 0
    await fleet.worker((beat) =>
      beat.task('flaky', (run) => {
        calls += 1
        if (run.attempt < 3) throw new Error(`no luck ${run.attempt}`)
        return run.payload
      }),
    )
    await fleet.schedules.put('flaky', { cron: '0 0 1 1 *', retries: 3, backoff: { type: 'fixed', delay: '1h' } })
    const before = fleet.now.getTime()
    const end = await fleet.fire('flaky', { payload: { to: 'ops' } })
    expect(end).toMatchObject({ outcome: 'ok', attempt: 3, manual: true, result: { to: 'ops' } })
    expect(calls).toBe(3)
    expect(fleet.now.getTime() - before).toBeLessThan(1_000)
    expect(fleet.runs().map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'ok'])
  })

  it('schedules that code declares are restored after a flush', async () => {
    await using fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('work', () => {}).schedule('declared', { every: '1m' }))
    await fleet.advance('1m')
    await fleet.flush()
    expect((await fleet.advance('3m')).length).toBeGreaterThanOrEqual(2)
    expect(await fleet.client().exists('{everybeat}:schedule:declared')).toBe(1)
  })
})

describe('a test fleet that is used in a wrong way', () => {
  it('schedules that code declares are restored when the connection breaks during their restoration', async () => {
    await using fleet = await createTestFleet({ latencyMs: 40 })
    const worker = await fleet.worker(async (beat) => {
      await beat.task('work', () => {}).schedule('kept', { every: '10m' })
    })
    await fleet.advance('5m')
    await fleet.flush()
    await fleet.advance(283)
    await fleet.disconnect(worker)
    await fleet.advance('12s')
    await fleet.reconnect(worker)
    expect(await fleet.advance('30m')).toHaveLength(3)
  })

  it('advanceTo refuses an instant in the past, and the clock does not move', async () => {
    await using fleet = await createTestFleet({ now: '2026-01-01T00:00:00Z' })
    await expect(fleet.advanceTo('2025-12-31T00:00:00Z')).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_INSTANT',
      message: expect.stringContaining('in the past of this fleet'),
    })
    expect(fleet.now.toISOString()).toBe('2026-01-01T00:00:00.000Z')
  })

  it('the error after 5 s of real time names the handler that does not settle', { timeout: 20_000 }, async () => {
    await using fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('stuck', () => new Promise(() => {})))
    await fleet.schedules.put('stuck', { every: '1m' })
    await expect(fleet.advance('2m')).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_STATE',
      message: expect.stringMatching(/task "stuck" has not settled run stuck@\d+ of schedule "stuck"/),
    })
  })

  it('a task that no worker has cannot be fired, and its schedule waits', async () => {
    await using fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('other', () => {}))
    await fleet.schedules.put('lonely', { task: 'nobody', every: '1m' })
    await expect(fleet.fire('lonely')).rejects.toThrow('no worker of this fleet has the task "nobody"')
    expect(await fleet.advance('5m')).toEqual([])
  })

  it('a disposed test fleet refuses every call', async () => {
    const fleet = await createTestFleet()
    await fleet[Symbol.asyncDispose]()
    for (const use of [fleet.advance('1s'), fleet.schedules.list(), fleet.worker(), fleet.flush(), fleet.fire('x')]) {
      await expect(use).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
    }
    expect(() => fleet.client()).toThrow('disposed of')
  })

  it('two test fleets in one process do not affect each other', async () => {
    await using one = await createTestFleet({ now: '2026-01-01T00:00:00Z' })
    await using other = await createTestFleet({ now: '2030-01-01T00:00:00Z' })
    for (const fleet of [one, other]) await fleet.worker((beat) => beat.task('work', () => {}))
    await one.schedules.put('work', { every: '1m' })
    expect(await other.advance('5m')).toEqual([])
    expect(await one.advance('5m')).toHaveLength(5)
    expect(other.now.getUTCFullYear()).toBe(2030)
  })

  it('a wrong option of a test fleet is refused with its name', async () => {
    await expect(createTestFleet({ now: '2026-01-01T00:00' })).rejects.toMatchObject({ field: 'now' })
    await expect(createTestFleet({ seed: 0.5 })).rejects.toMatchObject({ field: 'seed' })
    await expect(createTestFleet({ latencyMs: -1 })).rejects.toMatchObject({ field: 'latencyMs' })
    await expect(createTestFleet({ tz: 'UTC' } as never)).rejects.toMatchObject({ field: 'tz' })
  })
})
