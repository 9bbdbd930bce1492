import { difference, readCommandStatistics } from '../harness/commands.mjs'
import { readProcessorTime } from '../harness/processor-time.mjs'
import { cronAt, delay, waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const RUN_MS = 120_000

/** The cost of runs while they last: their leases have to be extended, as BullMQ extends the locks of its jobs. */
export default {
  name: 'in-flight',
  title: 'Long runs in flight, 1 worker',
  drivers: ['everybeat', 'bullmq'],
  cells: ({ quick }) => [100, 1000].map((count) => ({ label: `${count} runs`, count, windowSeconds: quick ? 32 : 62 })),
  columns: [
    { key: 'scriptsPerSecond', title: 'script calls/s', digits: 1 },
    { key: 'workerMs', title: 'CPU ms/s: worker', digits: 1 },
    { key: 'redisMs', title: 'Redis', digits: 1 },
    { key: 'running', title: 'runs', digits: 0 },
  ],
  compare: { key: 'scriptsPerSecond', better: 'lower' },
  refuse: () => null,
  async measure(stage, { count, windowSeconds }) {
    const instant = wholeSecondAhead(4000 + count)
    // One instant after the other, so that leases are not all extended at the same time.
    const plans = Array.from({ length: 10 }, (_, index) => ({
      first: (index * count) / 10,
      count: count / 10,
      cron: cronAt(instant + index * 1000),
      instant: instant + index * 1000,
    }))
    await stage.register(plans)
    const settings = {
      handlerMs: RUN_MS,
      force: true,
      everybeat: { concurrency: count },
      bullmq: { concurrency: count },
    }
    const fleet = await stage.startFleet({ processes: 1, plans, settings })
    await waitUntil(instant + 12_000)
    const [worker] = fleet.members
    const read = async () => ({
      worker: await readProcessorTime([worker.pid]),
      redis: await readProcessorTime([stage.pid]),
      commands: await readCommandStatistics(stage.redis),
    })
    const before = await read()
    await delay(windowSeconds * 1000)
    const after = await read()
    const running = await fleet.count()
    await worker.kill()
    return {
      scriptsPerSecond: difference(before.commands, after.commands).scripts / windowSeconds,
      workerMs: (after.worker.runningMs - before.worker.runningMs) / windowSeconds,
      redisMs: (after.redis.runningMs - before.redis.runningMs) / windowSeconds,
      running,
    }
  },
}
