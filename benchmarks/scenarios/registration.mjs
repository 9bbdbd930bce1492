import { farCron } from '../harness/plans.mjs'

const IN_PROCESS = ['cron-cluster', 'croner']

/** Writing many schedules: how long, and how much memory each takes. */
export default {
  name: 'registration',
  title: 'Registering schedules (40-byte names, a cron, a small payload)',
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster', 'croner'],
  cells: () => [10_000, 100_000].map((count) => ({ label: `${count} schedules`, count })),
  columns: [
    { key: 'seconds', title: 'seconds', digits: 2 },
    { key: 'bytes', title: 'bytes each', digits: 0 },
    { key: 'where', title: 'held in' },
  ],
  compare: { key: 'seconds', better: 'lower' },
  refuse(driver, { count }) {
    if (count <= 10_000) return null
    if (driver === 'agenda') return 'dies: polls every definition'
    return driver === 'croner' ? 'dies: out of memory at 83 KB each' : null
  },
  async measure(stage, { count }) {
    const plans = [{ first: 0, count, cron: farCron() }]
    if (IN_PROCESS.includes(stage.driverName)) return measureInProcess(stage, plans, count)
    // Connecting and loading code is not registering.
    await stage.register([{ first: count, count: 1, cron: farCron() }])
    const before = await usedMemory(stage.redis)
    const durationMs = await stage.register(plans)
    const bytes = ((await usedMemory(stage.redis)) - before) / count
    return { seconds: durationMs / 1000, bytes, where: 'Redis' }
  },
}

async function measureInProcess(stage, plans, count) {
  const child = await stage.spawn({ exposeGc: true })
  const before = await child.call('memory')
  const { beganAt, readyAt } = await child.call('start', { url: stage.url, plans })
  const after = await child.call('memory')
  const bytes = (after.heapUsed + after.external - before.heapUsed - before.external) / count
  return { seconds: (readyAt - beganAt) / 1000, bytes, where: 'each process' }
}

async function usedMemory(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1])
}
