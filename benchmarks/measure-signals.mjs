// Measures the effect of metrics, traces and a monitor together on the starts of one worker: schedules that are all due in the same
// second, with and without the signals, in turn, and also with another build. Each round has a server and a worker of its own.
// `--warm` seconds pass before each measurement, in which a monitor reads each definition once and the code is compiled.
//   npm run build && node benchmarks/measure-signals.mjs [--rounds 5] [--seconds 8] [--counts 20,100] [--warm 0] [--before dist/index.js]
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { readProcessorTime } from './harness/processor-time.mjs'
import { openStage } from './harness/stage.mjs'
import { median, medianOfSamples, quantile } from './harness/statistics.mjs'
import { waitUntil, wholeSecondAhead } from './harness/time.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '8' },
    counts: { type: 'string', default: '20,100' },
    warm: { type: 'string', default: '0' },
    before: { type: 'string' },
  },
})
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)]
const ownBuild = fileURLToPath(new URL('../dist/index.js', import.meta.url))
const builds = { ...(values.before && { before: resolve(values.before) }), now: ownBuild }
const DRIVERS = { off: 'everybeat', on: 'everybeat-signals' }
const arms = Object.keys(builds).flatMap((build) => Object.keys(DRIVERS).map((signals) => ({ build, signals })))

/** Lateness of all starts, time between the first and the last start of an instant, and processor time, of one worker. */
async function measure({ build, signals }, count) {
  // The drivers of the worker processes load the build that the environment names.
  process.env.EVERYBEAT_BUILD = pathToFileURL(builds[build]).href
  const stage = await openStage(DRIVERS[signals])
  try {
    const plans = [{ first: 0, count, cron: '* * * * * *' }]
    await stage.register(plans)
    const settings = { everybeat: { concurrency: Math.max(50, 2 * count) } }
    const fleet = await stage.startFleet({ processes: 1, plans, settings })
    const from = wholeSecondAhead(2000 + Number(values.warm) * 1000)
    const to = from + seconds * 1000
    const pids = fleet.members.map(({ pid }) => pid)
    await waitUntil(from - 400)
    const before = await readProcessorTime(pids)
    await waitUntil(to - 400)
    const { runningMs } = await readProcessorTime(pids)
    const fires = (await fleet.fires()).filter(({ scheduledAt }) => scheduledAt >= from && scheduledAt < to)
    await fleet.stop()
    return { ...summarize(fires), microseconds: ((runningMs - before.runningMs) * 1000) / fires.length }
  } finally {
    await stage.close()
  }
}

function summarize(fires) {
  const byInstant = new Map()
  for (const { scheduledAt, startedAt } of fires) {
    byInstant.set(scheduledAt, [...(byInstant.get(scheduledAt) ?? []), startedAt])
  }
  const spreads = [...byInstant.values()].map((starts) => Math.max(...starts) - Math.min(...starts))
  const lateness = fires.map(({ scheduledAt, startedAt }) => startedAt - scheduledAt)
  return { p50: quantile(lateness, 0.5), p99: quantile(lateness, 0.99), spread: median(spreads) }
}

for (const count of values.counts.split(',').map(Number)) {
  const found = new Map(arms.map((arm) => [arm, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const arm of round % 2 === 0 ? arms : arms.toReversed()) found.get(arm).push(await measure(arm, count))
  }
  console.log(`${count} schedules on each second, 1 worker, ${rounds} rounds of ${seconds} s: medians (least)`)
  for (const [{ build, signals }, samples] of found) {
    const middle = medianOfSamples(samples)
    const show = (key, digits) => {
      const least = Math.min(...samples.map((sample) => sample[key]))
      return `${middle[key].toFixed(digits)} (${least.toFixed(digits)})`
    }
    console.log(
      `  ${build.padEnd(6)} signals ${signals.padEnd(3)}  p50 ${show('p50', 2)} ms, p99 ${show('p99', 1)} ms, ` +
        `first to last start ${show('spread', 2)} ms, ${show('microseconds', 0)} µs of processor time a run`,
    )
  }
}
