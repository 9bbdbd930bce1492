import { describe, expect, it } from 'vitest'
import { createTestFleet } from '../../../src/testing/index.js'
import '../../../src/testing/vitest.js'

describe('the matchers for a fleet', () => {
  it('the matchers say whether a schedule ran, how often, when, and when it is due next', async () => {
    await using fleet = await createTestFleet({ now: '2026-01-01T00:00:00Z' })
    await fleet.worker((beat) => beat.task('work', () => {}))
    await fleet.schedules.put('hourly', { task: 'work', cron: '30 * * * *' })
    const runs = await fleet.advance('2h')
    expect(fleet).toHaveRun('hourly')
    expect(runs).toHaveRun('hourly', 2)
    expect(fleet).not.toHaveRun('other')
    expect(fleet).toHaveRunAt('hourly', ['2026-01-01T00:30:00Z', new Date('2026-01-01T01:30:00Z')])
    expect(runs[1]).toBeScheduledFor('2026-01-01T01:30:00Z')
    expect(await fleet.schedules.get('hourly')).toBeScheduledFor('2026-01-01T02:30:00Z')
    expect(() => expect(fleet).toHaveRun('hourly', 3)).toThrow(
      'it ran 2 times: 2026-01-01T00:30:00.000Z, 2026-01-01T01:30',
    )
    expect(() => expect(fleet).toHaveRunAt('hourly', '2026-01-01T00:30:00Z')).toThrow(
      'to have run at 2026-01-01T00:30:00.000Z',
    )
    expect(() => expect(runs[0]).toBeScheduledFor('2026-01-02T00:00:00Z')).toThrow('it is for 2026-01-01T00:30:00.000Z')
  })
})
