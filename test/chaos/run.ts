import { parseArgs } from 'node:util'
import { ensureRedisServer } from '../../src/testing/redis-server.js'
import { ensureBuild } from '../support/build.js'
import { FAULTS } from './harness/faults.js'
import { formatTable } from './harness/table.js'
import { runScenario, type ScenarioResult } from './harness/scenario.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string' },
    faults: { type: 'string', default: Object.keys(FAULTS).join(',') },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const names = values.faults.split(',')
const unknown = names.filter((name) => FAULTS[name] === undefined)
if (unknown.length > 0 || !Number.isSafeInteger(seed) || !(Number(values.seconds) > 0)) {
  process.stderr.write(`Usage: npm run chaos -- [--seconds N] [--seed n] [--faults ${Object.keys(FAULTS).join(',')}]\n`)
  process.exit(2)
}
const show = (line: string): void => void process.stderr.write(`${line}\n`)
await ensureBuild(show)
await ensureRedisServer({ onProgress: show })
show(`seed ${seed}: ${names.length} faults, ${values.seconds} s in all`)
const seconds = Math.max(5, Number(values.seconds) / names.length)
const results: ScenarioResult[] = []
for (const name of names) {
  const result = await runScenario(FAULTS[name]!, {
    seconds,
    seed,
    keepDir: values.keep,
    onProgress: values.verbose ? show : () => {},
  })
  results.push(result)
  show(
    `${result.problems.length === 0 ? 'ok  ' : 'FAIL'} ${result.fault}: ${result.checked} checked, ${result.injections} injections`,
  )
  for (const problem of result.problems) show(`     ${problem}`)
}
process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : formatTable(results))
process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0
