import { difference, readCommandStatistics } from '../harness/commands.mjs'
import { farCron, idsOf } from '../harness/plans.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const HOT = 100
const WORKERS = 2

/** Whether a fire costs more when many other schedules are stored: 100 at 1 Hz among many with distant instants. */
export default {
  name: 'claim-cost',
  title: `Cost of a fire by the number of stored schedules (${HOT} at 1 Hz, ${WORKERS} workers)`,
  drivers: ['everybeat', 'bullmq'],
  cells: ({ quick }) =>
    [1000, 100_000, ...(quick ? [] : [1_000_000])].map((count) => ({
      label: `${count} schedules`,
      count,
      windowSeconds: quick ? 10 : 20,
    })),
  columns: [
    { key: 'scriptMicroseconds', title: 'µs in scripts per fire', digits: 1 },
    { key: 'perCall', title: 'µs per script call', digits: 1 },
    { key: 'scriptsPerFire', title: 'script calls/fire', digits: 1 },
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1 },
    { key: 'missed', title: 'missed', digits: 0 },
  ],
  compare: { key: 'scriptMicroseconds', better: 'lower' },
  refuse: (driver, { count }) =>
    driver !== 'everybeat' && count > 100_000 ? 'left out: takes minutes to register' : null,
  async measure(stage, { count, windowSeconds }) {
    const far = { first: HOT, count: count - HOT, cron: farCron() }
    const hot = { first: 0, count: HOT, cron: '* * * * * *' }
    await stage.register([far])
    await stage.register([hot])
    const fleet = await stage.startFleet({ processes: WORKERS, plans: [hot, far] })
    const from = wholeSecondAhead(4000)
    const to = from + windowSeconds * 1000
    await waitUntil(from - 400)
    const before = await readCommandStatistics(stage.redis)
    await waitUntil(to - 400)
    const commands = difference(before, await readCommandStatistics(stage.redis))
    await waitUntil(to + 600)
    const lateness = summarizeFires(await fleet.fires(), { from, to, periodMs: 1000, ids: idsOf([hot]) })
    await fleet.stop()
    return {
      ...lateness,
      scriptMicroseconds: commands.scriptMicroseconds / lateness.fires,
      scriptsPerFire: commands.scripts / lateness.fires,
      perCall: commands.scriptMicroseconds / commands.scripts,
    }
  },
}
