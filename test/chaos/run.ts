import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureRedisServer } from '../../src/testing/redis-server.js'
import { ensureBuild } from '../support/build.js'
import { FAULTS } from './harness/faults.js'
import { Unavailable } from './harness/stage.js'
import { formatTable, writeTable } from './harness/table.js'
import { runScenario, type ScenarioResult } from './harness/scenario.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string' },
    faults: { type: 'string', default: Object.keys(FAULTS).join(',') },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const names = values.faults.split(',')
const unknown = names.filter((name) => FAULTS[name] === undefined)
if (unknown.length > 0 || !Number.isSafeInteger(seed) || !(Number(values.seconds) > 0)) {
  process.stderr.write(
    `Usage: npm run chaos -- [--seconds N] [--seed n] [--write] [--json] [--faults ${Object.keys(FAULTS).join(',')}]\n`,
  )
  process.exit(2)
}
const show = (line: string): void => void process.stderr.write(`${line}\n`)
await ensureBuild(show)
const redisServer = await ensureRedisServer({ onProgress: show })
show(`seed ${seed}: ${names.length} faults, ${values.seconds} s in all`)
const seconds = Math.max(5, Number(values.seconds) / names.length)
const results: ScenarioResult[] = []
for (const name of names) {
  try {
    const result = await runScenario(FAULTS[name]!, {
      seconds,
      seed,
      keepDir: values.keep,
      onProgress: values.verbose ? show : () => {},
    })
    results.push(result)
    const { fault, problems, checked, injections } = result
    show(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${fault}: ${checked} checked, ${injections} injections`)
    for (const problem of problems) show(`     ${problem}`)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    show(`skip ${name}: ${error.message}`)
  }
}
const table = formatTable(results)
process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : table)
if (values.write) {
  const version = /v=(\S+)/.exec(execFileSync(redisServer, ['--version'], { encoding: 'utf8' }))?.[1]
  const setting = `Seed ${seed}, ${values.seconds} s for ${names.length} faults, ${cpus().length} cores, Redis ${version}, Node ${process.version}.`
  await writeTable(table, setting)
}
process.exitCode = results.some(({ problems }) => problems.length > 0) ? 1 : 0
