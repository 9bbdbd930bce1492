import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readRunText } from '../../../src/schedule/stored-run.js'
import { PROJECT_DIR } from '../../support/build.js'

it('the short form of a first start is read', () => {
  expect(readRunText('1700000000000 1700000000005 1700000000001 0123abcd')).toEqual({
    nominalMs: 1_700_000_000_000,
    fence: 1_700_000_000_005,
    attempt: 1,
    delivery: 1,
    claimedAtMs: 1_700_000_000_001,
    worker: '0123abcd',
  })
})

it('a run as JSON is read by the letters of the protocol, without the letters that only scripts need', () => {
  const waiting = { n: -5, f: 7, a: 2, d: 1, m: 0, k: 'o', r: 'retry', t: 'job' }
  expect(readRunText(JSON.stringify(waiting))).toEqual({
    nominalMs: -5,
    fence: 7,
    attempt: 2,
    delivery: 1,
    waitsFor: 'retry',
  })
})

it.each(['', 'x', '[]', 'null', '5', '1 2 3', '1 2 3 4 5', '1 2 x w', '{'])('%j is read as no run', (text) => {
  expect(readRunText(text)).toBeNull()
})

it('the letters of a run are those of lib/runs.lua', () => {
  const lua = readFileSync(join(PROJECT_DIR, 'src/redis/scripts/lib/runs.lua'), 'utf8')
  const [table] = /letters = letters or \{[^}]+\}/.exec(lua)!
  const letters = Object.fromEntries([...table.matchAll(/(\w+) = '(\w)'/g)].map(([, word, letter]) => [word, letter]))
  const words = {
    nominal: 1,
    fence: 2,
    attempt: 3,
    delivery: 4,
    claimed_at: 5,
    worker: 'w',
    own_lease: true,
    waits_for: 'x',
  }
  const stored = Object.fromEntries(Object.entries(words).map(([word, value]) => [letters[word], value]))
  expect(Object.values(readRunText(JSON.stringify(stored))!)).toEqual(Object.values(words))
})
