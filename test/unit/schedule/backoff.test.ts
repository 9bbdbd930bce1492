import { describe, expect, it } from 'vitest'
import { DEFAULT_BACKOFF, retryDelay } from '../../../src/schedule/backoff.js'
import type { Backoff } from '../../../src/schedule/definition.js'
import { parseBackoff } from '../../../src/schedule/policy-values.js'

const ALMOST_1 = 1 - 2 ** -53

describe('retryDelay', () => {
  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [6, 32_000],
    [7, 60_000],
    [5000, 60_000],
  ])('retryDelay after attempt %d waits between half of %d ms and all of it', (attempt, fullMs) => {
    expect(retryDelay(DEFAULT_BACKOFF, attempt, 0)).toBe(fullMs / 2)
    expect(retryDelay(DEFAULT_BACKOFF, attempt, 0.5)).toBe(fullMs * 0.75)
    expect(retryDelay(DEFAULT_BACKOFF, attempt, ALMOST_1)).toBe(fullMs)
  })

  it('retryDelay waits the fixed delay and up to a tenth more, whatever the attempt', () => {
    const fixed: Backoff = { type: 'fixed', delayMs: 5000, maxMs: 60_000 }
    for (const attempt of [1, 2, 50]) {
      expect(retryDelay(fixed, attempt, 0)).toBe(5000)
      expect(retryDelay(fixed, attempt, 0.5)).toBe(5250)
      expect(retryDelay(fixed, attempt, ALMOST_1)).toBe(5500)
    }
  })

  it.each(['fixed', 'exponential'] as const)('retryDelay never waits longer than max: %s', (type) => {
    expect(retryDelay({ type, delayMs: 5000, maxMs: 5000 }, 9, ALMOST_1)).toBe(5000)
  })

  it('the delay of retryDelay may be 0', () => {
    expect(retryDelay({ type: 'exponential', delayMs: 0, maxMs: 0 }, 2000, 0.5)).toBe(0)
  })

  it('an empty backoff is the default backoff', () => {
    expect(parseBackoff({})).toEqual(DEFAULT_BACKOFF)
  })
})
