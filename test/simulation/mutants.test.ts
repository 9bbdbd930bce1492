import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { MUTANTS, rewriterOf } from './mutants.js'
import { HOURS_PER_SCENARIO, runScenarios } from './run-scenarios.js'

/** So many fleet-hours at the most are played until each fault of the engine has shown, from the first seed on. */
const MOST_HOURS = 1_000
/**
 * The first seed of those from 1 on whose scenario shows the fault, found by
 * `npm run simulate -- --seed 1 --hours 1000 --mutant <name>`: those before it are left out here.
 */
const FOUND_BY: Readonly<Record<string, number>> = {
  'compare-and-set': 21,
  lease: 64,
  plan: 1,
  'removed-declarations': 2,
  'lost-state': 2,
}

describe('the simulation finds a fault of the engine', () => {
  it('every mutant changes a text that a script has, and has a seed', () => {
    const texts = Object.values(SCRIPTS).map(({ text }) => text)
    for (const [name, { changes }] of Object.entries(MUTANTS)) {
      for (const [from] of changes)
        expect(
          texts.filter((text) => text.includes(from)),
          `${name}: ${from}`,
        ).not.toEqual([])
    }
    expect(Object.keys(FOUND_BY).sort()).toEqual(Object.keys(MUTANTS).sort())
    expect(() => rewriterOf('none')).toThrow('there is no mutant none')
  })

  it.for(Object.entries(FOUND_BY))('%s, at seed %i', async ([mutant, seed]) => {
    expect(seed * HOURS_PER_SCENARIO).toBeLessThanOrEqual(MOST_HOURS)
    const problems: string[] = []
    const series = { firstSeed: seed, step: 1, count: 1 }
    await runScenarios({ ...series, mutant }, (report) => problems.push(...report.problems) > 0)
    expect(problems).not.toEqual([])
    const without: string[] = []
    await runScenarios({ ...series, mutant: null }, (report) => without.push(...report.problems) > 0)
    expect(without).toEqual([])
  })
})
