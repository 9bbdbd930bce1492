import { describe, expect, it } from 'vitest'
import { createTestFleet, simulate } from '../../../src/testing/index.js'

const DAY = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }

describe('a simulation', () => {
  it('a single schedule on one worker starts when it is due, and no run waits', () => {
    const result = simulate({ ...DAY, definitions: { hourly: { cron: '0 * * * *' } }, workers: 1 })
    expect(result).toMatchObject({ started: 24, skipped: 0, missed: 0, herds: [], overlaps: [], suggestions: [] })
    expect(result.lateness).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 })
    expect(result.load.reduce((sum, { started }) => sum + started, 0)).toBe(24)
  })

  it('schedules that are due at once and exceed the slots wait, and the result says so', () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`s${index}`, { task: 't', cron: '0 9 * * *' }]),
    )
    const result = simulate({ ...DAY, definitions, tasks: { t: { durationMs: 60_000 } }, workers: 2, concurrency: 10 })
    expect(result.herds[0]).toMatchObject({ at: new Date('2026-01-01T09:00:00Z'), count: 100 })
    expect(result.lateness.max).toBe(4 * 60_000)
    expect(Math.max(...result.load.map(({ running }) => running))).toBe(20)
    expect(result.suggestions.join()).toMatch(/80 runs wait for one of 20 slots; 10 workers/)
  })

  it('a run that outlasts its period is skipped, or waits, by its overlap policy', () => {
    const tasks = { t: { durationMs: 90_000 } }
    const skip = simulate({
      ...DAY,
      definitions: { s: { task: 't', every: '1m', overlap: 'skip' } },
      tasks,
      workers: 1,
    })
    expect(skip.overlaps).toEqual([{ schedule: 's', count: 720, policy: 'skip' }])
    expect(skip).toMatchObject({ started: 720, skipped: 720 })
    const allow = simulate({
      ...DAY,
      definitions: { s: { task: 't', every: '1m', overlap: 'allow' } },
      tasks,
      workers: 1,
    })
    expect(allow).toMatchObject({ started: 1440, skipped: 0, overlaps: [] })
  })

  it('occurrences that an outage misses become one run, or none, by the misfire policy', () => {
    const failures = [{ at: '2026-01-01T10:00:30Z', outage: true, for: '5m' }]
    const run = (misfire: 'latest' | 'skip') =>
      simulate({
        ...DAY,
        definitions: { s: { task: 't', cron: '* * * * *', misfire } },
        tasks: { t: { durationMs: 1 } },
        workers: 1,
        failures,
      })
    expect(run('latest')).toMatchObject({ missed: 4, skipped: 0, started: 1436 })
    expect(run('skip').skipped).toBeGreaterThan(0)
    expect(run('latest').lateness.max).toBeGreaterThan(0)
  })

  it('the same seed gives the same result, with durations and failures by chance', () => {
    const play = (seed: number) =>
      simulate({
        ...DAY,
        seed,
        definitions: { s: { task: 't', every: '30s', onCrash: 'rerun' } },
        tasks: { t: { distribution: { p50: 5_000, p99: 40_000 }, failureRate: 0.1 } },
        workers: 2,
        failures: [{ at: '2026-01-01T12:00:00Z', kill: 1, for: '10m' }],
      })
    expect(play(3)).toEqual(play(3))
    expect(play(3).failed).not.toBe(play(4).failed)
  })

  it('a simulation counts as many starts as a fleet on virtual time makes', async () => {
    const definitions = {
      a: { task: 't', cron: '*/7 * * * *' },
      b: { task: 't', every: '11m' },
      c: { task: 't', cron: '30 2 * * *', tz: 'Europe/Berlin' },
    }
    const tasks = { t: { durationMs: 120_000 } }
    await using fleet = await createTestFleet({ now: '2025-12-31T23:59:59.999Z' })
    await fleet.worker((beat) => beat.task('t', () => fleet.sleep('2m')))
    for (const [name, definition] of Object.entries(definitions)) await fleet.schedules.put(name, definition)
    const runs = await fleet.advanceTo('2026-01-01T01:59:59.999Z')
    const result = simulate({ definitions, tasks, workers: 1, from: DAY.from, to: '2026-01-01T02:00:00Z' })
    expect(result.started).toBe(runs.length)
  })

  it('a wrong option of a simulation is refused with its name', () => {
    const definitions = { s: { every: '1m' } }
    expect(() => simulate({ definitions, workers: 0, ...DAY })).toThrow('workers')
    expect(() => simulate({ definitions, workers: 1, from: DAY.to, to: DAY.from })).toThrow('to:')
    expect(() => simulate({ definitions, workers: 1, ...DAY, failures: [{ at: DAY.from, for: '1m' }] })).toThrow(
      'failures[0]',
    )
    expect(() => simulate({ definitions, workers: 1, ...DAY, tasks: { t: { failureRate: 2 } } })).toThrow(
      'tasks.t.failureRate',
    )
    expect(() => simulate({ definitions: { s: { cron: 'x' } }, workers: 1, ...DAY })).toThrow('cron')
  })
})
