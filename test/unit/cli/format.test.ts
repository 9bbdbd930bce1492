import { describe, expect, it } from 'vitest'
import {
  formatDuration,
  formatInstant,
  formatLateness,
  formatRelative,
  oneLine,
  plural,
  safeJson,
} from '../../../src/cli/format.js'

const NOW = new Date('2026-03-08T07:00:00Z')
const away = (ms: number) => new Date(NOW.getTime() + ms)

describe('formatRelative', () => {
  it.each([
    [0, 'now'],
    [999, 'now'],
    [-999, 'now'],
    [1000, 'in 1s'],
    [59_999, 'in 59s'],
    [60_000, 'in 1m'],
    [190_000, 'in 3m 10s'],
    [45 * 60_000 + 5000, 'in 45m'],
    [-3_900_000, '1h 5m ago'],
    [86_400_000, 'in 1d'],
    [86_400_000 * 3 + 3_600_000 * 4, 'in 3d 4h'],
    [-86_400_000 * 45 - 3_600_000, '45d ago'],
  ])('formatRelative shows %d ms away as %s', (ms, expected) => {
    expect(formatRelative(away(ms), NOW)).toBe(expected)
  })

  it('formatRelative shows a missing instant as a dash', () => {
    expect(formatRelative(null, NOW)).toBe('-')
    expect(formatRelative(undefined, NOW)).toBe('-')
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [12.4, '12ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1234, '1.2s'],
    [190_000, '3m 10s'],
    [7_500_000, '2h 5m'],
    [undefined, '-'],
  ])('formatDuration shows %s as %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected)
  })

  it('formatDuration gives lateness its sign', () => {
    expect(formatLateness(2)).toBe('+2ms')
    expect(formatLateness(-3)).toBe('-3ms')
    expect(formatLateness(undefined)).toBe('-')
  })
})

describe('formatInstant', () => {
  it('formatInstant shows milliseconds only when they are not zero', () => {
    expect(formatInstant(NOW)).toBe('2026-03-08T07:00:00Z')
    expect(formatInstant(away(250))).toBe('2026-03-08T07:00:00.250Z')
    expect(formatInstant(null)).toBe('-')
  })
})

describe('oneLine', () => {
  it('oneLine shows control characters as escapes, so that a stored text cannot control the terminal', () => {
    expect(oneLine('\u001b[31mred\u001b[0m\nand\tmore\u0007')).toBe('\\u001b[31mred\\u001b[0m and more\\u0007')
    expect(oneLine('\u009b31m\u202egnp.exe')).toBe('\\u009b31m\\u202egnp.exe')
  })
})

describe('safeJson', () => {
  it('safeJson escapes the control characters that JSON keeps raw, and parses to the same value', () => {
    const value = { 'a\u009b\u202e\u2028': ['\u007f', '\u001b'] }
    expect(safeJson(value)).toBe('{"a\\u009b\\u202e\\u2028":["\\u007f","\\u001b"]}')
    expect(JSON.parse(safeJson(value))).toEqual(value)
  })
})

describe('plural', () => {
  it('plural puts the noun after its number, with an s unless the number is 1', () => {
    expect([plural(0, 'run'), plural(1, 'run'), plural(2, 'run'), plural(2, 'entry', 'entries')]).toEqual([
      '0 runs',
      '1 run',
      '2 runs',
      '2 entries',
    ])
  })
})
