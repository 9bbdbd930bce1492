import { difference, readCommandStatistics } from '../harness/commands.mjs'
import { idsOf } from '../harness/plans.mjs'
import { readProcessorTime } from '../harness/processor-time.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const WORKERS = 4
const WAIT_MS = 20

/** Handlers that compute and wait, as real ones do: what a fire costs beside them, and how late it starts. */
export default {
  name: 'work',
  title: `Handlers that compute and then wait ${WAIT_MS} ms, ${WORKERS} workers`,
  drivers: ['everybeat', 'bullmq'],
  cells: ({ quick }) =>
    [
      [200, 5],
      [300, 2],
      [500, 1],
    ].map(([perSecond, workMs]) => ({
      label: `${perSecond}/s, ${workMs} ms of processor`,
      perSecond,
      workMs,
      windowSeconds: quick ? 8 : 15,
    })),
  columns: [
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1 },
    { key: 'workerMicroseconds', title: 'CPU µs/fire beside the handler: workers', digits: 0 },
    { key: 'redisMicroseconds', title: 'Redis', digits: 0 },
    { key: 'scriptMicroseconds', title: 'in scripts', digits: 0 },
    { key: 'scriptsPerFire', title: 'script calls/fire', digits: 2 },
    { key: 'missed', title: 'missed', digits: 0 },
    { key: 'doubled', title: 'doubled', digits: 0 },
  ],
  compare: { key: 'workerMicroseconds', better: 'lower' },
  refuse: () => null,
  async measure(stage, { perSecond, workMs, windowSeconds }) {
    const plans = [{ first: 0, count: perSecond, everyMs: 1000, spread: true }]
    const fleet = await stage.startFleet({ processes: WORKERS, plans, settings: { workMs, handlerMs: WAIT_MS } })
    await stage.register(plans)
    const from = wholeSecondAhead(3000)
    const to = from + windowSeconds * 1000
    const pids = fleet.members.map(({ pid }) => pid)
    const read = async () => ({
      workers: await readProcessorTime(pids),
      redis: await readProcessorTime([stage.pid]),
      commands: await readCommandStatistics(stage.redis),
      handlersMs: (await Promise.all(fleet.members.map((member) => member.call('workedMs')))).reduce(
        (a, b) => a + b,
        0,
      ),
      fires: await fleet.count(),
    })
    await waitUntil(from)
    const before = await read()
    await waitUntil(to)
    const after = await read()
    await waitUntil(to + 600)
    const lateness = summarizeFires(await fleet.fires(), { from, to, periodMs: 1000, ids: idsOf(plans) })
    await fleet.stop()
    const fires = after.fires - before.fires
    const commands = difference(before.commands, after.commands)
    const workersMs = after.workers.runningMs - before.workers.runningMs
    return {
      ...lateness,
      workerMicroseconds: ((workersMs - (after.handlersMs - before.handlersMs)) * 1000) / fires,
      redisMicroseconds: ((after.redis.runningMs - before.redis.runningMs) * 1000) / fires,
      scriptMicroseconds: commands.scriptMicroseconds / fires,
      scriptsPerFire: commands.scripts / fires,
    }
  },
}
