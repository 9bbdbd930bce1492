import { openCommandWindow } from '../harness/commands.mjs'
import { idsOf } from '../harness/plans.mjs'
import { readProcessorTime } from '../harness/processor-time.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { delay, waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const IN_PROCESS = ['croner', 'node-cron']

/** How late handlers start, and what a fire costs Redis: 20 schedules at 1 Hz. */
export default {
  name: 'lateness',
  title: 'Lateness and cost of a fire: 20 schedules at 1 Hz',
  drivers: ['timer', 'everybeat', 'bullmq', 'agenda', 'cron-cluster', 'croner', 'node-cron'],
  cells: ({ quick }) =>
    [1, 4, 16].map((workers) => ({ label: `${workers} workers`, workers, windowSeconds: quick ? 8 : 15 })),
  columns: [
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1 },
    { key: 'clientPerFire', title: 'client commands/fire', digits: 1 },
    { key: 'scriptsPerFire', title: 'script calls/fire', digits: 1 },
    { key: 'allPerFire', title: 'all commands/fire', digits: 1 },
    { key: 'workerMicroseconds', title: 'CPU µs/fire: workers', digits: 0 },
    { key: 'redisMicroseconds', title: 'Redis', digits: 0 },
    { key: 'missed', title: 'missed', digits: 0 },
    { key: 'doubled', title: 'doubled', digits: 0 },
    { key: 'early', title: 'earliest ms', digits: 1 },
  ],
  compare: { key: 'p99', better: 'lower' },
  refuse: (driver, { workers }) =>
    IN_PROCESS.includes(driver) && workers > 1 ? 'one process only: no coordination' : null,
  async measure(stage, { workers, windowSeconds }, { quick }) {
    const plans = [{ first: 0, count: 20, cron: '* * * * * *' }]
    await stage.register(plans)
    const fleet = await stage.startFleet({ processes: workers, plans })
    // cron-cluster elects a leader within a second or so; the others need less.
    const from = wholeSecondAhead(3000)
    const to = from + windowSeconds * 1000
    const pids = fleet.members.map(({ pid }) => pid)
    const readTimes = () => Promise.all([readProcessorTime(pids), readProcessorTime([stage.pid])])
    await waitUntil(from - 400)
    const before = await readTimes()
    await waitUntil(to - 400)
    const after = await readTimes()
    await waitUntil(to + 600)
    const cost = await measureCost(stage, fleet, quick ? 4 : 6)
    const lateness = summarizeFires(await fleet.fires(), { from, to, periodMs: 1000, ids: idsOf(plans) })
    await fleet.stop()
    const [workerTime, redisTime] = after.map((time, index) => time.runningMs - before[index].runningMs)
    return {
      ...lateness,
      early: lateness.min,
      ...cost,
      workerMicroseconds: (workerTime * 1000) / lateness.fires,
      redisMicroseconds: (redisTime * 1000) / lateness.fires,
      waitingMicroseconds: ((after[0].waitingMs - before[0].waitingMs) * 1000) / lateness.fires,
    }
  },
}

/** Commands per fire over `seconds` seconds, from the middle of one second to the middle of another. */
export async function measureCost(stage, fleet, seconds) {
  await waitUntil(wholeSecondAhead(0) + 600)
  const before = await fleet.count()
  const window = await openCommandWindow(stage.redis)
  await delay(seconds * 1000)
  const commands = await window.close()
  const fires = (await fleet.count()) - before
  return {
    clientPerFire: commands.client / fires,
    scriptsPerFire: commands.scripts / fires,
    allPerFire: commands.total / fires,
    costFires: fires,
  }
}
