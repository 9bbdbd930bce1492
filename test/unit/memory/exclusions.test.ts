import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { listFiles } from '../../support/sources.js'
import { NEEDS_A_REAL_SERVER, TESTS_THAT_NEED_A_REAL_SERVER } from '../../support/needs-a-real-server.js'

/** More than these may not be kept from the memory store without a reason that is looked at. */
const MOST_EXCLUDED = 12
const MOST_EXCLUDED_TESTS = 11

it('the list of what the memory store cannot run is short, and names files that are there', () => {
  const names = Object.keys(NEEDS_A_REAL_SERVER)
  expect(names.length).toBeLessThanOrEqual(MOST_EXCLUDED)
  expect(names.filter((name) => !existsSync(name))).toEqual([])
  expect(listFiles('test/redis').filter((name) => name.endsWith('.test.ts')).length).toBeGreaterThan(5 * names.length)
})

it('the list of single tests that the memory store cannot run is short, and names tests that are there', () => {
  const titles = Object.keys(TESTS_THAT_NEED_A_REAL_SERVER)
  expect(titles.length).toBeLessThanOrEqual(MOST_EXCLUDED_TESTS)
  const files = listFiles('test/redis').filter((name) => name.endsWith('.test.ts'))
  const text = files.map((name) => readFileSync(`test/redis/${name}`, 'utf8')).join('\n')
  expect(titles.filter((title) => !text.includes(title))).toEqual([])
})
