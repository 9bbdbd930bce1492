import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { listFiles } from '../../support/sources.js'
import { NEEDS, NEEDS_A_REAL_SERVER, TESTS_THAT_NEED_A_REAL_SERVER } from '../../support/needs-a-real-server.js'

/** More than these may not be kept from the memory store without a reason that is looked at. */
const MOST_EXCLUDED = 20
const MOST_EXCLUDED_TESTS = 15

const files = listFiles('test/redis').filter((name) => name.endsWith('.test.ts'))

it('the list of test files that the memory store cannot run is short, and names existing files', () => {
  const names = Object.keys(NEEDS_A_REAL_SERVER)
  expect(names.length).toBeLessThanOrEqual(MOST_EXCLUDED)
  expect(names.filter((name) => !existsSync(name))).toEqual([])
  expect(files.length).toBeGreaterThan(5 * names.length)
})

it('the list of single tests that the memory store cannot run is short, and names existing tests', () => {
  const parts = Object.keys(TESTS_THAT_NEED_A_REAL_SERVER)
  expect(parts.length).toBeLessThanOrEqual(MOST_EXCLUDED_TESTS)
  const kept = files.filter((name) => !(`test/redis/${name}` in NEEDS_A_REAL_SERVER))
  const text = kept.map((name) => readFileSync(`test/redis/${name}`, 'utf8')).join('\n')
  expect(parts.filter((part) => !text.includes(part))).toEqual([])
})

it('each test that the memory store cannot run has a reason, and each reason has a test', () => {
  const reasons = [...Object.values(NEEDS_A_REAL_SERVER), ...Object.values(TESTS_THAT_NEED_A_REAL_SERVER)]
  expect([...new Set(reasons)].sort()).toEqual([...NEEDS].sort())
})
