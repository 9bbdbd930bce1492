import { farCron } from '../harness/plans.mjs'
import { quantile } from '../harness/statistics.mjs'
import { delay, waitUntil, wallTimeMs, wholeSecondAhead } from '../harness/time.mjs'

const WORKERS = 4
// How long before the instant the edit is made. BullMQ needs a whole second to aim at and more time for the call.
const LEAD_MS = { everybeat: 15, bullmq: 60 }

/**
 * From the call that edits a sleeping schedule to the run of its new instant, which lies `lead` ms after the call.
 * For Everybeat each schedule has a task that one worker alone knows, and the edits rotate: so every worker's timer
 * has to be set again, and not that of any one worker.
 */
export default {
  name: 'live-edit',
  title: `Live edit: from the call to the run, ${WORKERS} workers`,
  drivers: ['everybeat', 'bullmq'],
  cells: ({ quick }) =>
    [100, 10_000].map((count) => ({ label: `${count} other schedules`, count, edits: quick ? 40 : 100 })),
  columns: [
    { key: 'lead', title: 'due after ms', digits: 0 },
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1 },
    { key: 'callP50', title: 'the call itself p50 ms', digits: 1 },
    { key: 'lost', title: 'not run', digits: 0 },
  ],
  compare: { key: 'p99', better: 'lower' },
  refuse: () => null,
  async measure(stage, { count, edits }) {
    const lead = LEAD_MS[stage.driverName]
    const targets = Array.from({ length: WORKERS }, (_, index) => ({
      first: count + index,
      count: 1,
      cron: farCron(),
      task: `benchmark-${index}`,
    }))
    const plans = [{ first: 0, count, cron: farCron() }, ...targets]
    await stage.register(plans)
    const fleet = await stage.startFleet({ processes: WORKERS, plans, settings: { perWorkerTask: true } })
    await delay(2000)
    const registrar = await stage.registrar()
    const calls = []
    for (let index = 0; index < edits; index += 1) {
      const { first: id, task } = targets[index % WORKERS]
      const instant = await nextInstant(stage.driverName, lead)
      const call = await registrar.call('edit', { url: stage.url, id, instant, task })
      calls.push({ ...call, id, instant })
      await delay(150)
    }
    await delay(1500)
    const fires = await fleet.fires()
    await fleet.stop()
    return summarizeEdits(calls, fires, lead)
  },
}

async function nextInstant(driverName, lead) {
  // Two milliseconds for the message to the process that makes the call.
  if (driverName === 'everybeat') return Math.ceil(wallTimeMs()) + lead + 2
  const instant = wholeSecondAhead(lead + 2)
  await waitUntil(instant - lead - 2)
  return instant
}

function summarizeEdits(calls, fires, lead) {
  const latenciesMs = []
  for (const { id, instant, beganAt } of calls) {
    const fire = fires.find((candidate) => candidate.id === id && candidate.scheduledAt === instant)
    if (fire) latenciesMs.push(fire.startedAt - beganAt)
  }
  return {
    lead,
    p50: quantile(latenciesMs, 0.5),
    p99: quantile(latenciesMs, 0.99),
    callP50: quantile(
      calls.map(({ beganAt, doneAt }) => doneAt - beganAt),
      0.5,
    ),
    lost: calls.length - latenciesMs.length,
  }
}
