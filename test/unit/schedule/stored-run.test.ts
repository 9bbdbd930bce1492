import { expect, it } from 'vitest'
import { readRunText } from '../../../src/schedule/stored-run.js'

it('parseRun reads the short form of a first start', () => {
  expect(readRunText('1700000000000 1700000000005 1700000000001 0123abcd')).toEqual({
    n: 1_700_000_000_000,
    f: 1_700_000_000_005,
    a: 1,
    d: 1,
    m: 0,
    k: 'o',
    s: 1_700_000_000_001,
    w: '0123abcd',
  })
})

it('parseRun reads JSON', () => {
  const run = { n: -5, f: 7, a: 2, d: 1, m: 0, k: 'o', r: 'retry' }
  expect(readRunText(JSON.stringify(run))).toEqual(run)
})

it.each(['', 'x', '[]', 'null', '5', '1 2 3', '1 2 3 4 5', '1 2 x w', '{'])('parseRun takes %j for no run', (text) => {
  expect(readRunText(text)).toBeNull()
})
