import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { checkBudgets } from './budgets.mjs'
import { ALWAYS, DRIVERS, titleOf } from './drivers.mjs'
import { describeMachine } from './machine.mjs'
import { USAGE, parseOptions } from './options.mjs'
import { runScenario } from './runner.mjs'
import { tableOf, toMarkdown, toText } from './table.mjs'

const SCENARIOS = [
  'floors',
  'lateness',
  'herd',
  'ceiling',
  'work',
  'in-flight',
  'idle',
  'registration',
  'fired-memory',
  'worker-start',
  'fleet-size',
  'claim-cost',
  'lone-fire',
  'live-edit',
  'recovery',
  'signals',
]
const PEERS = Object.keys(DRIVERS).filter((name) => !ALWAYS.includes(name))
const RESULTS = new URL('../results/', import.meta.url)
const BUILT = new URL('../../dist/index.js', import.meta.url)

/** Runs the scenarios of the command line; gives the exit code. */
export async function main(commandLine) {
  let options
  try {
    options = parseOptions(commandLine, { scenarios: SCENARIOS, peers: PEERS })
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`)
    return 2
  }
  if (options.help) return print(USAGE)
  if (options.list) return print(`scenarios: ${SCENARIOS.join(', ')}\npeers: ${PEERS.join(', ')}`)
  if (!options['without-us'] && !existsSync(BUILT)) {
    console.error('Everybeat is not built: run `npm run bench`, which builds it first, or pass --without-us')
    return 1
  }
  await mkdir(RESULTS, { recursive: true })
  const results = await measure(options)
  const failed = Object.values(results)
    .flat()
    .filter((row) => row.failed)
  return failed.length > 0 ? 1 : 0
}

async function measure(options) {
  const startedAt = new Date()
  const profileDirectory = options.profile ? fileURLToPath(new URL('profiles/', RESULTS)) : undefined
  const stamp = startedAt.toISOString().replace(/[:.]/g, '-')
  const machine = describeMachine()
  const results = {}
  const sections = [
    `Measured on ${machine.text}, ${startedAt.toISOString().slice(0, 10)}; median of ${options.repeats}.`,
  ]
  const progress = createProgress()
  for (const name of options.scenarios) {
    const { default: scenario } = await import(`../scenarios/${name}.mjs`)
    const drivers = scenario.drivers.filter((driver) => isWanted(driver, options))
    if (drivers.length === 0) continue
    const cellFilter = options.cell
    results[name] = await runScenario(scenario, { ...options, drivers, profileDirectory, cellFilter, progress })
    const table = await tableOf(scenario, results[name])
    console.log(`\n${scenario.title}\n\n${toText(table)}\n${noteOf(results[name])}`)
    sections.push(`### ${scenario.title}`, toMarkdown(table))
    // Written after each scenario, so that an interrupted run keeps its results.
    await writeFile(
      new URL(`${stamp}.json`, RESULTS),
      JSON.stringify({ startedAt, machine, options, results }, null, 2),
    )
  }
  const budgets = checkBudgets(results)
  if (budgets.length > 1) {
    console.log(`\nBudgets\n\n${toText(budgets)}\n`)
    sections.push('### Budgets', toMarkdown(budgets))
  }
  sections.push(await describeSetups(options))
  if (options.markdown) {
    const file = options.markdownFile ?? new URL(`${stamp}.md`, RESULTS)
    await writeFile(file, `${sections.join('\n\n')}\n`)
    console.log(`Tables written to ${options.markdownFile ?? fileURLToPath(file)}`)
  }
  console.log(`Figures written to benchmarks/results/${stamp}.json`)
  return results
}

/** Warns when other programs were at work on the machine. */
function noteOf(rows) {
  const restless = rows.flatMap((row) => row.samples).filter((sample) => sample.calm === 0).length
  return restless > 0 ? `(${restless} samples were begun while the machine was busy with something else)\n` : ''
}

function isWanted(driver, options) {
  if (driver === 'everybeat') return !options['without-us']
  return ALWAYS.includes(driver) || options.peers.includes(driver)
}

/** Progress on stderr with the time since the start, so that the tables alone can be piped. */
function createProgress() {
  const startedAt = performance.now()
  return (text) => {
    const seconds = String(Math.round((performance.now() - startedAt) / 1000)).padStart(5)
    console.error(`${seconds} s  ${text}`)
  }
}

async function describeSetups({ peers }) {
  const lines = await Promise.all(peers.map(async (name) => `- ${await titleOf(name)}: ${DRIVERS[name].setup}`))
  return lines.join('\n')
}

function print(text) {
  console.log(text)
  return 0
}
