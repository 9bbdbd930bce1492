import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MUTANTS, rewriterOf } from './mutants.js'
import { play } from './play.js'
import { HOURS_PER_SCENARIO, runScenarios, type ScenarioReport, type Series } from './run-scenarios.js'
import { generateScenario } from './scenario.js'
import { shrink } from './shrink.js'

const USAGE = `Usage: npm run simulate -- [--hours N] [--seed N] [--mutant ${Object.keys(MUTANTS).join('|')}] [--processes N]\n`
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    mutant: { type: 'string' },
    processes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    series: { type: 'string' },
  },
})

function fail(): never {
  process.stderr.write(USAGE)
  process.exit(2)
}

/** Plays a part of the scenarios in a process of its own; resolves at its end, or with the first that fails. */
async function runElsewhere(series: Series, tell: (report: ScenarioReport) => void): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--series', JSON.stringify(series)])
  child.on('message', (report) => tell(report as ScenarioReport))
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`a process of the simulation ended with ${String(code)}`)
}

/** Says what happened in the smallest scenario that fails in the same way. */
async function explain(seed: number, mutant: string | null): Promise<void> {
  const engine = mutant === null ? {} : { rewriteScript: rewriterOf(mutant) }
  const smallest = await shrink(generateScenario(seed, HOURS_PER_SCENARIO), engine)
  const { findings, log } = await play(smallest, engine)
  process.stdout.write(`\nthe smallest scenario of seed ${seed} that fails:\n${JSON.stringify(smallest, null, 1)}\n`)
  process.stdout.write(
    `\nwhat happened, ms after its beginning:\n${log.join('\n')}\n\n${findings.problems.join('\n')}\n`,
  )
}

async function main(): Promise<void> {
  const [hours, seed, processes] = [values.hours, values.seed, values.processes].map(Number) as [number, number, number]
  const mutant = values.mutant ?? null
  const isWrong = !(hours > 0) || !Number.isSafeInteger(seed) || !(processes >= 1 && processes <= 64)
  if (isWrong || (mutant !== null && !MUTANTS[mutant])) fail()
  const count = Math.ceil(hours / HOURS_PER_SCENARIO)
  const total = { hours: 0, faults: 0, occurrences: 0, started: 0 }
  const failed: ScenarioReport[] = []
  const beganAt = performance.now()
  const tell = (report: ScenarioReport): void => {
    total.hours += report.hours
    total.faults += report.injections
    total.occurrences += report.checked
    total.started += report.started
    if (report.problems.length > 0) failed.push(report)
    for (const problem of report.problems) process.stdout.write(`seed ${report.seed}: ${problem}\n`)
  }
  const share = (index: number): Series => ({
    firstSeed: seed + index,
    step: processes,
    count: Math.ceil((count - index) / processes),
    mutant,
  })
  await Promise.all(Array.from({ length: processes }, (_, index) => runElsewhere(share(index), tell)))
  const seconds = (performance.now() - beganAt) / 1_000
  const what = `${total.hours} fleet-hours, ${total.faults} faults, ${total.occurrences} occurrences, ${total.started} of them started`
  process.stdout.write(`seed ${seed}: ${what}; ${failed.length} scenarios with problems; ${seconds.toFixed(1)} s\n`)
  const [first] = failed.sort((one, other) => one.seed - other.seed)
  if (!first) return
  process.exitCode = 1
  await explain(first.seed, mutant)
}

if (values.series === undefined) await main()
else {
  await runScenarios(JSON.parse(values.series) as Series, (report) => {
    process.send!(report)
    return report.problems.length === 0
  })
}
