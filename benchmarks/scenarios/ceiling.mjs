import { idsOf } from '../harness/plans.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const WORKERS = 4
const P99_LIMIT_MS = 1000
/** From the last schedule being registered: the code is warm by then, so the measured rate lasts. */
const WARM_UP_MS = 12_000
const RUNGS = [
  100, 200, 500, 1000, 2000, 3000, 4000, 6000, 8000, 10_000, 11_000, 12_000, 13_000, 14_000, 16_000, 18_000, 20_000,
  25_000, 30_000, 33_000, 36_000, 39_000, 42_000, 45_000, 50_000,
]
// Where the ladder begins: well below what the driver is known to hold.
const FIRST_RUNG = { agenda: 100, 'cron-cluster': 1000, bullmq: 6000, everybeat: 20_000 }

/** The highest rate of 1 Hz schedules at which nothing is missed and p99 stays within a second. */
export default {
  name: 'ceiling',
  title: `Sustained fires per second, ${WORKERS} workers: nothing missed, p99 ≤ 1 s`,
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster'],
  cells: ({ quick }) => [
    { label: 'every 1 s, spread', kind: 'every', windowSeconds: quick ? 5 : 8 },
    { label: 'cron, all on the second', kind: 'cron', windowSeconds: quick ? 5 : 8 },
  ],
  columns: [
    { key: 'rate', title: 'fires/s', digits: 0 },
    { key: 'p50', title: 'p50 ms', digits: 0 },
    { key: 'p99', title: 'p99 ms', digits: 0 },
    { key: 'failedAt', title: 'fails at', digits: 0 },
    { key: 'failure', title: 'how' },
  ],
  compare: { key: 'rate', better: 'higher' },
  refuse: (driver, { kind }) => (kind === 'every' && driver === 'cron-cluster' ? 'cron only' : null),
  /** Each rung has a Redis server and a fleet of its own, so no stage is made beforehand. */
  opensStages: true,
  async measure(openStage, cell, { driver, progress }) {
    let best = { rate: 0 }
    const first = RUNGS.indexOf(FIRST_RUNG[driver])
    for (let index = first; index >= 0 && index < RUNGS.length;) {
      const rate = RUNGS[index]
      let result = await measureRung(openStage, cell, rate)
      // Once more, before a hiccup of the machine counts as the end of the ladder.
      if (result.failure !== undefined) result = await measureRung(openStage, cell, rate)
      progress(`${rate}/s: ${result.failure ?? 'held'}, p99 ${result.p99.toFixed(0)} ms`)
      if (result.failure === undefined) {
        best = { ...best, ...result, rate }
        if (index < first) break
        index += 1
      } else {
        best = { ...best, failedAt: rate, failure: result.failure }
        // Not even the first rung held: look below it.
        if (index > first || best.rate > 0) break
        index -= 1
      }
    }
    return best
  },
}

async function measureRung(openStage, { kind, windowSeconds }, rate) {
  const stage = await openStage()
  try {
    const trigger = kind === 'every' ? { everyMs: 1000, spread: true } : { cron: '* * * * * *' }
    const plans = [{ first: 0, count: rate, ...trigger }]
    // The fleet starts first: occurrences without a worker would have to be caught up by the peers that catch up.
    const fleet = await stage.startFleet({ processes: WORKERS, plans, settings: { force: true } })
    await stage.register(plans)
    const from = wholeSecondAhead(WARM_UP_MS)
    const to = from + windowSeconds * 1000
    await waitUntil(to + 2 * P99_LIMIT_MS)
    const result = summarizeFires(await fleet.fires(), { from, to, periodMs: 1000, ids: idsOf(plans) })
    await fleet.stop()
    if (result.missed > 0) return { ...result, failure: `${result.missed} missed` }
    if (!(result.p99 <= P99_LIMIT_MS)) return { ...result, failure: `p99 ${result.p99.toFixed(0)} ms` }
    return result
  } catch (error) {
    return { p50: NaN, p99: NaN, failure: error.message.split('\n')[0].slice(0, 80) }
  } finally {
    await stage.close()
  }
}
