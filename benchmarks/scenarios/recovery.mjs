import { idsOf } from '../harness/plans.mjs'
import { summarizeFires } from '../harness/statistics.mjs'
import { waitUntil, wholeSecondAhead } from '../harness/time.mjs'

const WORKERS = 4
const HANDLER_MS = 300
// By then the runs of the second have begun with every peer, and are still running.
const KILL_AFTER_MS = 200
const KILL_EVERY_SECONDS = 5
const LEASE_MS = 5000

/** A worker is killed with SIGKILL every 5 s, right after the instant its runs began, and replaced. */
export default {
  name: 'recovery',
  title: `Kill and recover: 20 schedules at 1 Hz, ${WORKERS} workers, SIGKILL one every ${KILL_EVERY_SECONDS} s`,
  drivers: ['everybeat', 'bullmq', 'agenda', 'cron-cluster'],
  cells: ({ quick }) => {
    const kills = quick ? 3 : 6
    return [
      { label: 'defaults', kills, settings: {} },
      {
        label: `leases of ${LEASE_MS / 1000} s`,
        kills,
        settings: { everybeat: { leaseMs: LEASE_MS }, bullmq: { lockDuration: LEASE_MS, stalledInterval: LEASE_MS } },
      },
    ]
  },
  columns: [
    { key: 'missed', title: 'occurrences missed', digits: 0 },
    { key: 'doubled', title: 'started twice', digits: 0 },
    { key: 'silence', title: 'longest silence of a schedule s', digits: 1 },
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'max', title: 'latest start ms', digits: 0 },
  ],
  compare: { key: 'silence', better: 'lower' },
  refuse: (driver, { settings }) =>
    Object.keys(settings).length > 0 && settings[driver] === undefined ? 'no such setting' : null,
  async measure(stage, { kills, settings }, { progress }) {
    const plans = [{ first: 0, count: 20, cron: '* * * * * *' }]
    await stage.register(plans)
    const fleet = await stage.startFleet({
      processes: WORKERS,
      plans,
      settings: { ...settings, handlerMs: HANDLER_MS, stream: true, force: true },
    })
    const from = wholeSecondAhead(4000)
    const to = from + (kills * KILL_EVERY_SECONDS + 40) * 1000
    for (let kill = 0; kill < kills; kill += 1) {
      await waitUntil(from + kill * KILL_EVERY_SECONDS * 1000 + KILL_AFTER_MS)
      await fleet.replace(kill % WORKERS)
      progress(`killed worker ${kill % WORKERS}`)
    }
    await waitUntil(to + 3000)
    const fires = fleet.streamed()
    await fleet.stop()
    const ids = idsOf(plans)
    const summary = summarizeFires(fires, { from, to, periodMs: 1000, ids })
    return { ...summary, silence: longestSilenceMs(fires, ids, from, to) / 1000 }
  },
}

function longestSilenceMs(fires, ids, from, to) {
  let longest = 0
  for (const id of ids) {
    const starts = fires.filter((fire) => fire.id === id).map((fire) => fire.startedAt)
    const instants = [from, ...starts.filter((at) => at >= from && at < to).sort((a, b) => a - b), to]
    for (let index = 1; index < instants.length; index += 1) {
      longest = Math.max(longest, instants[index] - instants[index - 1])
    }
  }
  return longest
}
