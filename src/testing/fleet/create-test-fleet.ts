import type { TestFleetOptions } from './fleet-options.js'
import { refuseFakeTimers } from './real-timers.js'
import { TestFleet } from './test-fleet.js'

/**
 * Creates a fleet on virtual time. It has no workers yet.
 *
 * @example
 * await using fleet = await createTestFleet({ now: '2026-10-31T22:00:00Z' })
 * await fleet.worker((beat) => beat.task('report', sendReport))
 * await fleet.schedules.put('daily', { task: 'report', cron: '0 9 * * *', tz: 'America/New_York' })
 * const runs = await fleet.advanceTo('2026-11-03T00:00:00Z')
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` or `ERR_EVERYBEAT_INSTANT` for an option that is wrong,
 * `ERR_EVERYBEAT_STATE` while the timers of the process are fake
 */
export async function createTestFleet(options: TestFleetOptions = {}): Promise<TestFleet> {
  refuseFakeTimers()
  return await Promise.resolve(new TestFleet(options))
}
