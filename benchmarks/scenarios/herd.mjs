import { idsOf } from '../harness/plans.mjs'
import { readProcessorTime } from '../harness/processor-time.mjs'
import { quantile } from '../harness/statistics.mjs'
import { cronAt, delay, waitUntil, wallTimeMs, wholeSecondAhead } from '../harness/time.mjs'

const WORKERS = 4
const GIVE_UP_MS = 30_000
// Milliseconds to write one schedule and to have the workers armed with it; a guess that only has to be long enough.
const PREPARE_MS = { agenda: 6 }

/** Many schedules on one instant. */
export default {
  name: 'herd',
  title: `Many schedules on one instant, ${WORKERS} workers`,
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster', 'croner'],
  cells: () => [2000, 10_000].map((count) => ({ label: `${count} schedules`, count })),
  columns: [
    { key: 'first', title: 'first start ms', digits: 0 },
    { key: 'p50', title: 'p50 ms', digits: 0 },
    { key: 'last', title: 'last start ms', digits: 0 },
    { key: 'workerMs', title: 'CPU ms: workers', digits: 0 },
    { key: 'redisMs', title: 'Redis', digits: 0 },
    { key: 'missed', title: 'missed', digits: 0 },
    { key: 'doubled', title: 'doubled', digits: 0 },
  ],
  compare: { key: 'last', better: 'lower' },
  refuse(driver, { count }) {
    if (driver === 'agenda' && count > 2000) return 'polls per definition: unusable at 10 000'
    return null
  },
  async measure(stage, { count }) {
    const processes = stage.driverName === 'croner' ? 1 : WORKERS
    const instant = wholeSecondAhead(6000 + count * (PREPARE_MS[stage.driverName] ?? 0.6))
    const plans = [{ first: 0, count, cron: cronAt(instant), instant }]
    await stage.register(plans)
    const fleet = await stage.startFleet({ processes, plans })
    if (wallTimeMs() > instant - 1500) throw new Error('the fleet was not ready in time')
    const pids = fleet.members.map(({ pid }) => pid)
    const readTimes = () => Promise.all([readProcessorTime(pids), readProcessorTime([stage.pid])])
    await waitUntil(instant - 400)
    const before = await readTimes()
    await waitUntil(instant)
    for (let previous = -1; wallTimeMs() < instant + GIVE_UP_MS;) {
      await delay(250)
      const started = await fleet.count()
      if (started >= count && started === previous) break
      previous = started
    }
    const after = await readTimes()
    const [workerMs, redisMs] = after.map((time, index) => time.runningMs - before[index].runningMs)
    const fires = (await fleet.fires()).filter(({ scheduledAt }) => scheduledAt === instant)
    await fleet.stop()
    return { ...summarizeHerd(fires, instant, idsOf(plans)), workerMs, redisMs }
  },
}

function summarizeHerd(fires, instant, ids) {
  const firstStarts = new Map()
  for (const { id, startedAt } of fires) firstStarts.set(id, Math.min(startedAt, firstStarts.get(id) ?? Infinity))
  const latenessMs = [...firstStarts.values()].map((startedAt) => startedAt - instant)
  return {
    first: quantile(latenessMs, 0),
    p50: quantile(latenessMs, 0.5),
    last: quantile(latenessMs, 1),
    missed: ids.length - firstStarts.size,
    doubled: fires.length - firstStarts.size,
  }
}
