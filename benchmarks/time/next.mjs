// Number of next() calls a second: ours beside croner, cron-parser and node-cron, in one run.
//
//   npm run build && node benchmarks/time/next.mjs            the packages of the project, and those of benchmarks/
//   SECONDS=2 node benchmarks/time/next.mjs                   longer measurements
//   JSON=1 node benchmarks/time/next.mjs                      one JSON object
//
// "kept": the trigger is made once and stepped from fire to fire through ten years. node-cron can only be asked from
// now on, so its figure is for that question.
import { performance } from 'node:perf_hooks'
import { tsImport } from 'tsx/esm/api'

// The sources: triggers by themselves are not part of the package's interface.
const { createTrigger } = await tsImport('../../src/time/create-trigger.ts', import.meta.url)

const EXPRESSIONS = [
  ...[
    '* * * * * *',
    '*/10 * * * * *',
    '* * * * *',
    '*/5 * * * *',
    '0 * * * *',
    '15,45 * * * *',
    '0 */2 * * *',
    '30 2 * * *',
  ],
  ...[
    '0 9 * * 1-5',
    '0 9-17 * * MON-FRI',
    '30 1,13 * * *',
    '0 0 * * 0',
    '0 0 1 * *',
    '0 0 L * *',
    '0 12 15 * 5',
    '0 8 1 1,4,7,10 *',
  ],
  ...['0 0 1 1 *', '0 0 29 2 *', '0 10 * * 5L', '*/15 8-18 * 3-10 1-5'],
]
const ZONES = ['UTC', 'America/New_York']
const START = Date.UTC(2026, 0, 1)
const SPAN = 10 * 365 * 86_400_000
const MILLISECONDS = Number(process.env.SECONDS ?? 0.25) * 1000

async function optional(name) {
  try {
    return await import(name)
  } catch {
    return null
  }
}

const [croner, cronParser, nodeCron] = await Promise.all(['croner', 'cron-parser', 'node-cron'].map(optional))

/** Each peer gives a function from the last fire (epoch ms) to the next one. */
const PEERS = {
  everybeat: (cron, tz) => {
    const trigger = createTrigger({ cron, tz }, 'benchmark')
    return (at) => trigger.next(at)
  },
  croner:
    croner &&
    ((cron, timezone) => {
      const job = new croner.Cron(cron, { timezone, paused: true, fixedTimeRule: 'no-wildcard' })
      return (at) => job.nextRun(new Date(at)).getTime()
    }),
  'cron-parser':
    cronParser &&
    ((cron, tz) => {
      const expression = cronParser.CronExpressionParser.parse(cron, { tz, currentDate: new Date(START) })
      return (at) => {
        if (at === START) expression.reset(new Date(START))
        return expression.next().getTime()
      }
    }),
  'node-cron (from now)':
    nodeCron &&
    ((cron, timezone) => {
      const task = nodeCron.createTask(cron, () => {}, { timezone })
      return (at) => {
        task.getNextRun()
        return at + 60_000
      }
    }),
}

/** Calls per second, and the longest single call. */
function measure(next) {
  let calls = 0
  let slowest = 0
  let at = START
  for (let warm = 0; warm < 50; warm++) at = next(at)
  at = START
  const begin = performance.now()
  let now = begin
  while (now - begin < MILLISECONDS) {
    const batch = now
    let count = 0
    do {
      at = next(at)
      if (at === null || at > START + SPAN) at = START
      count++
    } while (count < 64 && (count < 4 || performance.now() - batch < 5))
    calls += count
    now = performance.now()
    if (now - batch > slowest) slowest = now - batch
  }
  return { perSecond: Math.round((calls / (now - begin)) * 1000), slowestBatchMs: slowest }
}

const results = []
for (const zone of ZONES) {
  for (const cron of EXPRESSIONS) {
    for (const [peer, make] of Object.entries(PEERS)) {
      if (!make) continue
      try {
        results.push({ zone, cron, peer, ...measure(make(cron, zone)) })
      } catch (error) {
        results.push({ zone, cron, peer, error: error.message })
      }
    }
  }
}

/** The first next() in a zone that this process has not used. */
function measureFirst() {
  const zones = Intl.supportedValuesOf('timeZone').filter((zone) => !ZONES.includes(zone))
  const times = zones.map((tz) => {
    const trigger = createTrigger({ cron: '30 2 * * *', tz }, 'first')
    const begin = performance.now()
    trigger.next(START)
    return performance.now() - begin
  })
  const sorted = times.sort((left, right) => left - right)
  return { zones: zones.length, medianMs: sorted[sorted.length >> 1], slowestMs: sorted.at(-1) }
}

/** Inputs made to be slow: the longest of create, next and previous, each asked cold and then again. Time of the processor,
 * so that other programs on the machine do not count. */
function measureWorst() {
  const tz = 'America/New_York'
  const inputs = [
    { cron: '30 2 * 3 0#2', tz, dstGap: 'skip' },
    { cron: '0 0 29 2 1', tz, dayMatch: 'and' },
    { cron: '* * * * * *', tz, exclude: '* * * * *' },
    { cron: '* * * * * *', tz, exclude: ['*/2 * * * * *', '1-59/2 * * * * *'] },
    { every: 100, tz, exclude: '1970-01-01/2200-01-01' },
    { every: '1m', tz, exclude: '0 * * * * *' },
    { cron: `${Array.from({ length: 170 }, (_, index) => index % 60).join(',')} * * * *`, tz },
    { rrule: 'DTSTART:19970902T090000 FREQ=SECONDLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO', tz },
    { rrule: 'DTSTART:19970902T090000 FREQ=DAILY;COUNT=5000', tz },
    { rrule: 'DTSTART:19970902T090000 FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=0,6,12;BYMINUTE=0,30;BYSETPOS=-1', tz },
    { rrule: 'DTSTART:19970902T090000 FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29', tz },
  ]
  return inputs.map((input) => {
    const longest = { create: 0, next: 0, previous: 0 }
    const time = (name, work) => {
      const begin = process.cpuUsage()
      try {
        return work()
      } catch {
        return null
      } finally {
        const { user, system } = process.cpuUsage(begin)
        longest[name] = Math.max(longest[name], (user + system) / 1000)
      }
    }
    for (let round = 0; round < 3; round++) {
      const trigger = time('create', () => createTrigger(input, 'worst'))
      if (trigger === null) continue
      for (const at of [START, 0, START + SPAN]) {
        time('next', () => trigger.next(at))
        time('previous', () => trigger.previous(at))
      }
    }
    return { input: JSON.stringify(input).slice(0, 110), ...longest }
  })
}

const first = measureFirst()
const worst = measureWorst()

if (process.env.JSON) {
  console.log(JSON.stringify({ node: process.version, tz: process.versions.tz, results, first, worst }))
} else {
  const peers = Object.keys(PEERS).filter((peer) => PEERS[peer])
  const show = (value) => (value === undefined ? '' : value.toLocaleString('en-US')).padStart(14)
  for (const zone of ZONES) {
    console.log(
      `\n${zone}: next() per second`.padEnd(30) + peers.map((peer) => peer.slice(0, 14).padStart(15)).join(''),
    )
    for (const cron of EXPRESSIONS) {
      const cells = peers.map((peer) =>
        results.find((one) => one.zone === zone && one.cron === cron && one.peer === peer),
      )
      console.log(
        `  ${cron.padEnd(26)}` +
          cells.map((cell) => ` ${cell.error ? 'failed'.padStart(14) : show(cell.perSecond)}`).join(''),
      )
    }
    const medians = peers.map((peer) => {
      const rates = results
        .filter((one) => one.zone === zone && one.peer === peer && !one.error)
        .map((one) => one.perSecond)
      return rates.sort((left, right) => left - right)[rates.length >> 1]
    })
    console.log(`  ${'median'.padEnd(26)}` + medians.map((median) => ` ${show(median)}`).join(''))
  }
  console.log(
    `\nfirst next() in a new zone, ${first.zones} zones: median ${first.medianMs.toFixed(2)} ms, slowest ${first.slowestMs.toFixed(2)} ms`,
  )
  console.log(
    '\nlongest call, ms of processor time'.padEnd(114) +
      ['create', 'next', 'previous'].map((name) => name.padStart(9)).join(''),
  )
  for (const { input, create, next, previous } of worst) {
    console.log(`  ${input.padEnd(110)}` + [create, next, previous].map((ms) => ms.toFixed(1).padStart(9)).join(''))
  }
}
