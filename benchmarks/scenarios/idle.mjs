import { openCommandWindow } from '../harness/commands.mjs'
import { farCron } from '../harness/plans.mjs'
import { delay } from '../harness/time.mjs'

const WORKERS = 4

/** The commands of a worker while no schedule is due. */
export default {
  name: 'idle',
  title: `Idle cost, ${WORKERS} workers, nothing due`,
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster'],
  cells: ({ quick }) =>
    [1, 100_000].map((count) => ({ label: `${count} schedules`, count, windowSeconds: quick ? 20 : 60 })),
  columns: [
    { key: 'perWorker', title: 'client commands/s per worker', digits: 2 },
    { key: 'allPerWorker', title: 'all commands/s per worker', digits: 2 },
    { key: 'commands', title: 'of them' },
  ],
  compare: { key: 'perWorker', better: 'lower' },
  refuse(driver, { count }) {
    if (driver === 'agenda' && count > 10_000) return 'dies: polls every definition'
    return null
  },
  async measure(stage, { count, windowSeconds }) {
    const plans = [{ first: 0, count, cron: farCron() }]
    await stage.register(plans)
    const fleet = await stage.startFleet({ processes: WORKERS, plans })
    // Joining the fleet costs commands that are not idling.
    await delay(6000)
    const window = await openCommandWindow(stage.redis)
    await delay(windowSeconds * 1000)
    const commands = await window.close()
    await fleet.stop()
    const perWorker = (calls) => calls / windowSeconds / WORKERS
    return {
      perWorker: perWorker(commands.client),
      allPerWorker: perWorker(commands.total),
      commands: largest(commands.calls, perWorker),
    }
  },
}

function largest(calls, perWorker) {
  return Object.entries(calls)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([name, count]) => `${name} ${perWorker(count).toFixed(2)}`)
    .join(', ')
}
