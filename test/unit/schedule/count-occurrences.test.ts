import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countingBound, nthOccurrence, countOccurrences } from '../../../src/schedule/count-occurrences.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import { listedTrigger } from './listed-trigger.js'

const instantLists = fc.uniqueArray(fc.integer({ min: -200, max: 200 }), { maxLength: 60 })
const spans = fc.tuple(fc.integer({ min: -220, max: 220 }), fc.integer({ min: -220, max: 220 }))

describe('a count of occurrences', () => {
  it('a count of occurrences counts the span with both its ends, and gives the newest occurrences in order', () => {
    fc.assert(
      fc.property(instantLists, spans, fc.nat(70), (instants, [fromMs, toMs], newestCount) => {
        const inside = instants.filter((atMs) => atMs >= fromMs && atMs <= toMs).sort((left, right) => left - right)
        const counted = countOccurrences(listedTrigger(instants), fromMs, toMs, newestCount)
        expect(counted).toEqual({
          count: inside.length,
          exact: true,
          newest: inside.slice(Math.max(0, inside.length - newestCount)),
        })
      }),
      { numRuns: 1000 },
    )
  })

  it('a count of occurrences by arithmetic equals one by stepping, also for the occurrence with a given number', () => {
    const every = createTrigger({ every: 700, anchor: 123 }, 'report')
    const { arithmetic, ...stepped } = every
    expect(arithmetic).toEqual({ periodMs: 700, phaseMs: 123 })
    const far = fc.tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: -100_000, max: 100_000 }))
    fc.assert(
      fc.property(far, fc.nat(300), (span, count) => {
        expect(countOccurrences(every, ...span, count)).toEqual(countOccurrences(stepped, ...span, count))
        expect(nthOccurrence(every, ...span, count + 1)).toBe(nthOccurrence(stepped, ...span, count + 1))
      }),
      { numRuns: 1000 },
    )
  })

  it('a count of occurrences stops at its bound, and still gives the newest occurrences up to the end of the span', () => {
    const trigger = createTrigger({ cron: '* * * * * *' }, 'report')
    const bound = countingBound(trigger)
    const toMs = Date.UTC(2026, 5, 1)
    const fromMs = toMs - 10 * bound * 1000
    expect(countOccurrences(trigger, fromMs, toMs, 2)).toEqual({
      count: bound,
      exact: false,
      newest: [toMs - 1000, toMs],
    })
    expect(countOccurrences(trigger, toMs - (bound - 2) * 1000, toMs, 1)).toEqual({ count: bound - 1, exact: true, newest: [toMs] }) // prettier-ignore
  })

  it('a count of occurrences finds the occurrence with a given number only within its bound', () => {
    const trigger = createTrigger({ cron: '* * * * * *' }, 'report')
    const bound = countingBound(trigger)
    const toMs = 10 * bound * 1000
    expect(nthOccurrence(trigger, 1000, toMs, bound)).toBe(bound * 1000)
    expect(nthOccurrence(trigger, 1000, toMs, bound + 1)).toBeNull()
    expect(nthOccurrence(trigger, 1000, 5000, 6)).toBeNull()
  })

  it('a count of occurrences with many excluded crons takes no longer than without, because its bound is lower', () => {
    const cron = '* * * * * *'
    const exclude = Array.from({ length: 20 }, (_, minute) => `* ${minute} * * *`)
    const plain = createTrigger({ cron }, 'report')
    const limited = createTrigger({ cron, exclude }, 'report')
    expect(countingBound(limited) * (1 + exclude.length / 6)).toBeLessThanOrEqual(countingBound(plain))
    const toMs = Date.UTC(2026, 5, 1)
    const { count, exact } = countOccurrences(limited, toMs - 30 * 86_400_000, toMs, 1)
    expect([count, exact]).toEqual([countingBound(limited), false])
    // A day of one excluded time a day is counted whole.
    const nightly = createTrigger({ cron, exclude: '* 3 * * *' }, 'report')
    expect(countOccurrences(nightly, toMs - 86_400_000 + 1, toMs, 1)).toMatchObject({ exact: true })
  })

  it('a count of occurrences has a lower bound for a slow kind of trigger', () => {
    expect(countingBound({ ...listedTrigger([]), kind: 'rrule' })).toBeLessThan(countingBound(listedTrigger([])))
  })
})
