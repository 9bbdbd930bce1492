import { describe, expect, it } from 'vitest'
import { LUA_5_4 } from '../support/quirky-server.js'
import { play } from './play.js'
import { generateScenario } from './scenario.js'

const HOURS = 3

describe('the scripts in Lua 5.4', () => {
  it.for([1, 2, 3, 8, 19])(
    'the scripts in Lua 5.4 give the fleet of seed %i the same history byte for byte as in Lua 5.1',
    async (seed) => {
      const usual = await play(generateScenario(seed, HOURS))
      expect(usual.findings.problems).toEqual([])
      const other = await play(generateScenario(seed, HOURS), { lua: LUA_5_4 })
      expect(other.log.join('\n')).toBe(usual.log.join('\n'))
      expect(other.findings).toEqual(usual.findings)
    },
  )
})
