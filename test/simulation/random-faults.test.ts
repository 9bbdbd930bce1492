import { describe, expect, it } from 'vitest'
import { HOURS_PER_SCENARIO, runScenarios, type ScenarioReport } from './run-scenarios.js'

/** More of them: `npm run simulate -- --hours 10000`. */
const HOURS = Number(process.env['SIMULATION_HOURS'] ?? 600)
const SEED = Number(process.env['SIMULATION_SEED'] ?? 1)

describe('a fleet on virtual time under random faults', () => {
  it(
    'no occurrence is doubled, lost, early, run beside another or recorded wrongly',
    { timeout: 600_000 },
    async () => {
      const reports: ScenarioReport[] = []
      const count = Math.ceil(HOURS / HOURS_PER_SCENARIO)
      await runScenarios({ firstSeed: SEED, step: 1, count, mutant: null }, (report) => reports.push(report) > 0)
      const problems = reports.flatMap(({ seed, problems: found }) =>
        found.map((problem) => `seed ${seed}: ${problem}`),
      )
      expect(problems, `npm run simulate -- --seed ${SEED} --hours ${HOURS}`).toEqual([])
      const sum = (pick: (report: ScenarioReport) => number): number =>
        reports.reduce((all, each) => all + pick(each), 0)
      // A run in which nothing was due, or nothing was done, would find nothing.
      expect(sum(({ checked }) => checked)).toBeGreaterThan(HOURS * 8)
      expect(sum(({ started }) => started)).toBeGreaterThan(HOURS * 6)
      expect(sum(({ injections }) => injections)).toBeGreaterThanOrEqual(HOURS * 3)
    },
  )
  it.for([
    ['a flush', 31_182],
    ['the takeover of a replica that has missed the claim', 32_683],
  ] as const)('an occurrence that was claimed before %s and starts after it is not doubled', async ([, seed]) => {
    const reports: ScenarioReport[] = []
    await runScenarios({ firstSeed: seed, step: 1, count: 1, mutant: null }, (report) => reports.push(report) > 0)
    expect(reports.flatMap(({ problems }) => problems)).toEqual([])
    expect(reports.map(({ checked }) => checked > 0)).toEqual([true])
  })
})
