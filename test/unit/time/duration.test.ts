import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../../../src/time/duration.js'

const DAY_MS = 86_400_000

describe('parseDuration', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [-0, 0],
    [1500, 1500],
    ['0', 0],
    ['1500', 1500],
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    [' 1h30m ', 5_400_000],
    ['1d', DAY_MS],
    ['2w', 14 * DAY_MS],
    ['1w2d3h4m5s6ms', 9 * DAY_MS + 11_045_006],
    ['1m5ms', 60_005],
    ['1.5h', 5_400_000],
    ['1.1s', 1100],
    ['0.569s', 569],
    ['1.005s', 1005],
    ['0s', 0],
    ['PT90S', 90_000],
    ['PT1H30M', 5_400_000],
    ['P1DT12H', 1.5 * DAY_MS],
    ['P2W', 14 * DAY_MS],
    ['PT0.5S', 500],
    ['PT1,5S', 1500],
    ['PT1.1H', 3_960_000],
    [MAX_DURATION_MS, MAX_DURATION_MS],
  ])('parseDuration reads %j as %d ms', (value, expected) => {
    expect(Object.is(parseDuration(value, 'timeout'), expected)).toBe(true)
  })

  it.each<[unknown]>([
    [''],
    [' '],
    ['-5m'],
    [-1],
    [NaN],
    [Infinity],
    [1.5],
    ['1.5'],
    ['0.0001s'],
    ['PT0.0001S'],
    ['abc'],
    ['0'.repeat(64) + '5s'],
    ['5'.repeat(30)],
    ['5M'],
    ['5 m'],
    ['5min'],
    ['1y'],
    ['30m1h'],
    ['1h1h'],
    ['1h-30m'],
    ['1e3'],
    ['0x10'],
    ['١s'],
    ['P'],
    ['PT'],
    ['P1DT'],
    ['P1M'],
    ['P1Y'],
    ['-PT5S'],
    ['PT-5S'],
    ['pt5s'],
    ['PT5S5M'],
    ['P1H'],
    ['5s\0'],
    [null],
    [undefined],
    [true],
    [{}],
    [[5]],
    [5n],
    [MAX_DURATION_MS + 1],
    ['P1' + '0'.repeat(70) + 'D'],
  ])('parseDuration refuses %o', (value) => {
    expect(() => parseDuration(value, 'timeout')).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_DURATION', field: 'timeout', value }),
    )
  })

  it('the error of parseDuration names the field, the value and what is allowed', () => {
    expect(() => parseDuration('5M', 'jitter')).toThrow(/^jitter: "5M" cannot be used; allowed: .*90s/)
  })

  it('parseDuration accepts both its bounds, and its error names them', () => {
    const bounds = { minMs: 100, maxMs: 60_000 }
    expect(parseDuration('100ms', 'every', bounds)).toBe(100)
    expect(parseDuration('1m', 'every', bounds)).toBe(60_000)
    for (const value of [99, '60001']) {
      expect(() => parseDuration(value, 'every', bounds)).toThrow(/^every: .* allowed: 100ms to 1m$/)
    }
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [90_000, '1m30s'],
    [5_400_000, '1h30m'],
    [14 * DAY_MS, '14d'],
  ])('formatDuration writes %d ms as %s', (durationMs, expected) => {
    expect(formatDuration(durationMs)).toBe(expected)
  })

  it('parseDuration reads the text of formatDuration back to the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs), 'timeout')).toBe(durationMs)
      }),
      { numRuns: 2000 },
    )
  })
})

it('parseDuration reads any text or refuses it with its own error', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.nat().map(String),
      fc.constantFrom('P', 'T', 'W', 'D', 'H', 'M', 'S', 'w', 'd', 'h', 'm', 's', 'ms', '.', '-', ' '),
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          const durationMs = parseDuration(text, 'timeout')
          expect(Number.isSafeInteger(durationMs) && durationMs >= 0 && durationMs <= MAX_DURATION_MS).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_DURATION' })
        }
      },
    ),
    { numRuns: 5000 },
  )
})
