import { describe, expect, it } from 'vitest'
import { play } from './play.js'
import { generateScenario } from './scenario.js'

const HOURS = 3

describe('the simulation', () => {
  it.for([3, 8, 19])(
    'the seed %i gives the same history byte for byte, and another seed gives another history',
    async (seed) => {
      const first = await play(generateScenario(seed, HOURS))
      const second = await play(generateScenario(seed, HOURS))
      expect(second.log.join('\n')).toBe(first.log.join('\n'))
      expect(second.findings).toEqual(first.findings)
      const other = await play(generateScenario(seed + 1_000, HOURS))
      expect(other.log.join('\n')).not.toBe(first.log.join('\n'))
    },
  )
})
