import { openCommandWindow } from '../harness/commands.mjs'
import { idsOf } from '../harness/plans.mjs'
import { readProcessorTime } from '../harness/processor-time.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { delay, waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const PROCESSES = 4
const LARGEST = { everybeat: 1000, bullmq: 1000, agenda: 16, 'cron-cluster': 100 }

/**
 * What a fire costs as the fleet grows. A thousand workers are instances with their own connections in four processes.
 * Idling is measured first, with the same fleet and no schedule, and taken off: heartbeats are per worker and second,
 * and with one fire a second they would count as the fire's.
 */
export default {
  name: 'fleet-size',
  title: 'Cost of a fire as the fleet grows (idle cost of the same fleet taken off)',
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster'],
  cells: ({ quick }) =>
    [20, 1].flatMap((count) =>
      [1, 4, 16, 100, 1000].map((workers) => ({
        label: `${count} × 1 Hz, ${workers} workers`,
        count,
        workers,
        windowSeconds: quick ? 8 : 20,
      })),
    ),
  columns: [
    { key: 'scriptsPerFire', title: 'script calls/fire', digits: 1 },
    { key: 'clientPerFire', title: 'client commands/fire', digits: 1 },
    { key: 'allPerFire', title: 'all commands/fire', digits: 1 },
    { key: 'redisPerFire', title: 'Redis ms/fire', digits: 2 },
    { key: 'idlePerWorker', title: 'idle commands/s per worker', digits: 2 },
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1 },
    { key: 'missed', title: 'missed', digits: 0 },
    { key: 'doubled', title: 'doubled', digits: 0 },
  ],
  compare: { key: 'clientPerFire', better: 'lower' },
  refuse: (driver, { workers }) => (workers > LARGEST[driver] ? `left out above ${LARGEST[driver]} workers` : null),
  async measure(stage, { count, workers, windowSeconds }) {
    const plans = [{ first: 0, count, cron: '* * * * * *' }]
    const inProcess = stage.driverName === 'cron-cluster'
    const processes = Math.min(workers, PROCESSES)
    const fleet = await stage.startFleet({ processes, workersEach: workers / processes, plans })
    await delay(6000)
    const idle = inProcess ? { client: 0, scripts: 0, total: 0 } : await countCommands(stage, windowSeconds)
    // MONITOR, which counts the commands, costs Redis time: so the time is read in windows of its own.
    const idleMs = await redisTime(stage, Date.now(), Date.now() + windowSeconds * 1000)
    await stage.register(plans)
    const from = wholeSecondAhead(3000)
    const to = from + windowSeconds * 1000
    const busyMs = await redisTime(stage, from, to)
    await waitUntil(to + 600)
    const lateness = summarizeFires(await fleet.fires(), { from, to, periodMs: 1000, ids: idsOf(plans) })
    const before = await fleet.count()
    const busy = await countCommands(stage, windowSeconds)
    const fires = (await fleet.count()) - before
    await fleet.stop()
    return {
      ...lateness,
      scriptsPerFire: (busy.scripts - idle.scripts) / fires,
      clientPerFire: (busy.client - idle.client) / fires,
      allPerFire: (busy.total - idle.total) / fires,
      redisPerFire: (busyMs - idleMs) / lateness.fires,
      idlePerWorker: idle.client / windowSeconds / workers,
    }
  },
}

/** Processor time of Redis from one instant to another, ms. */
async function redisTime(stage, from, to) {
  const read = async () => (await readProcessorTime([stage.pid])).runningMs
  await waitUntil(from)
  const before = await read()
  await waitUntil(to)
  return (await read()) - before
}

async function countCommands(stage, seconds) {
  await waitUntil(wholeSecondAhead(0) + 600)
  const window = await openCommandWindow(stage.redis)
  await delay(seconds * 1000)
  return window.close()
}
