import { farCron } from '../harness/plans.mjs'
import { cronAt, delay, waitUntil, wallTimeMs, wholeSecondAhead } from '../harness/time.mjs'

const GIVE_UP_MS = 120_000

/** From the start of a worker to its first run, with one occurrence that became due a moment before. */
export default {
  name: 'worker-start',
  title: 'Worker start: to its first run, one occurrence being due',
  drivers: ['everybeat', 'bullmq', 'cron-cluster'],
  cells: ({ quick }) =>
    [10_000, 100_000, ...(quick ? [] : [1_000_000])].map((count) => ({ label: `${count} schedules`, count })),
  columns: [
    { key: 'toFirstRun', title: 'to first run ms', digits: 0 },
    { key: 'toReady', title: 'start() done ms', digits: 0 },
    { key: 'worst', title: 'worst ms', digits: 0 },
  ],
  compare: { key: 'toFirstRun', better: 'lower' },
  refuse: (driver, { count }) =>
    driver !== 'everybeat' && count > 100_000 ? 'left out: takes minutes to register' : null,
  /** Registers once and starts a fresh worker process per sample. */
  samplesItself: true,
  async measure(stage, { count }, { repeats, progress }) {
    const far = { first: 0, count, cron: farCron() }
    const registeredMs = await stage.register([far])
    progress(`registered ${count} in ${(registeredMs / 1000).toFixed(1)} s`)
    const samples = []
    for (let repeat = 0; repeat < Math.max(repeats, 3); repeat += 1) {
      samples.push(await measureStart(stage, far, count + repeat))
    }
    const worst = Math.max(...samples.map((sample) => sample.toFirstRun))
    return samples.map((sample) => ({ ...sample, worst }))
  },
}

async function measureStart(stage, far, id) {
  const inProcess = stage.driverName === 'cron-cluster'
  const instant = wholeSecondAhead(1500)
  // A schedule in the process cannot be overdue at its start: those peers use a 1 Hz schedule instead.
  const probe = { first: id, count: 1, cron: inProcess ? '* * * * * *' : cronAt(instant) }
  await stage.register([probe])
  const worker = await stage.spawn()
  await waitUntil(instant + 100)
  const { beganAt, readyAt } = await worker.call('start', { url: stage.url, plans: [far, probe] })
  while ((await worker.call('count')) === 0) {
    if (wallTimeMs() > beganAt + GIVE_UP_MS) throw new Error(`no run within ${GIVE_UP_MS / 1000} s`)
    await delay(20)
  }
  const [, , startedAt] = await worker.call('fires')
  await worker.call('stop')
  await worker.exit()
  return { toFirstRun: startedAt - beganAt, toReady: readyAt - beganAt }
}
