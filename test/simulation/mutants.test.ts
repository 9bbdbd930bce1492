import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { MUTANTS, rewriterOf } from './mutants.js'
import { HOURS_PER_SCENARIO, runScenarios } from './run-scenarios.js'

/** Most fleet-hours that are simulated until the fault of a mutant has shown, from the first seed on. */
const MOST_HOURS = 1_000
/**
 * The first seed from 1 on whose scenario shows the fault, found by
 * `npm run simulate -- --seed 1 --hours 1000 --mutant <name>`. The test begins at this seed.
 */
const FOUND_BY: Readonly<Record<string, number>> = {
  'compare-and-set': 21,
  lease: 64,
  plan: 1,
  'removed-declarations': 2,
  'live-edits': 2,
  'lost-state': 2,
}

describe('the simulation finds a fault of the engine', () => {
  it('every mutant changes an existing text of a script, and has a seed', () => {
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

  it.for(Object.entries(FOUND_BY))(
    'the simulation finds the mutant %s at seed %i or soon after it',
    { timeout: 600_000 },
    async ([mutant, first]) => {
      // The seeds from 1 to the first one are known to show nothing, or not at once; an engine that has changed may need a later one.
      const count = Math.floor(MOST_HOURS / HOURS_PER_SCENARIO) - first + 1
      const found: number[] = []
      await runScenarios({ firstSeed: first, step: 1, count, mutant }, ({ seed, problems }) => {
        if (problems.length > 0) found.push(seed)
        return problems.length === 0
      })
      expect(found).toHaveLength(1)
      const without: string[] = []
      const alone = { firstSeed: found[0]!, step: 1, count: 1, mutant: null }
      await runScenarios(alone, ({ problems }) => without.push(...problems) > 0)
      expect(without).toEqual([])
    },
  )
})
