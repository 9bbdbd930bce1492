import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DefinitionInput } from '../../../src/schedule/definition.js'
import { parseDefinition } from '../../../src/schedule/parse-definition.js'
import {
  countPlanned,
  firstNominal,
  formatPlan,
  isPlanClosed,
  joinPlans,
  lastNominal,
  parsePlan,
  PLAN_END,
  planInstants,
  PLAN_MAX_COUNT,
  upcomingInstants,
} from '../../../src/schedule/plan-text.js'

const NOW_MS = Date.UTC(2026, 5, 1, 12)
const define = (input: DefinitionInput) => parseDefinition('report', input)
const after = (...seconds: number[]) => seconds.map((count) => NOW_MS + count * 1000)

describe('planInstants', () => {
  it.each<[string, DefinitionInput, number[]]>([
    ['three instants where these reach far', { every: '1h' }, after(3600, 7200, 10_800)],
    ['as many as cover 20 s', { every: '5s' }, after(5, 10, 15, 20, 25)],
    [
      'as many as cover 20 s, from the first',
      { every: '7s', anchor: NOW_MS + 1 },
      [1, 7001, 14_001, 21_001].map((ms) => NOW_MS + ms),
    ],
    ['at most 16', { every: '1s' }, after(...Array.from({ length: 16 }, (_, index) => index + 1))],
    ['what is left before the end', { every: '1h', end: NOW_MS + 7_200_000 }, after(3600, 7200)],
    ['one for a one-shot', { at: NOW_MS + 1000 }, after(1)],
  ])('planInstants plans %s', (_what, input, expected) => {
    expect(planInstants(define(input), NOW_MS)).toBe(expected.join(' '))
  })

  it('planInstants gives no instant when the schedule has none left', () => {
    expect(planInstants(define({ at: NOW_MS }), NOW_MS)).toBe('')
    expect(planInstants(define({ every: '1h' }), NOW_MS, { remaining: 0 })).toBe('')
  })

  it('planInstants plans the requested number of instants', () => {
    expect(upcomingInstants(define({ every: '1h' }).trigger, NOW_MS, { count: 10 })).toHaveLength(10)
    expect(upcomingInstants(define({ every: '1s' }).trigger, NOW_MS, { count: 3 })).toEqual(after(1, 2, 3))
    expect(upcomingInstants(define({ every: '1s' }).trigger, NOW_MS, { count: 99 })).toHaveLength(PLAN_MAX_COUNT)
  })

  it('planInstants plans no more than the limit still allows', () => {
    expect(planInstants(define({ every: '1h', limit: 9 }), NOW_MS, { remaining: 2 })).toBe(after(3600, 7200).join(' '))
    expect(parsePlan(planInstants(define({ every: '1h' }), NOW_MS, { remaining: null })).instants).toHaveLength(3)
  })

  it('planInstants adds to each instant its jitter delay, always the same and never beyond the next instant', () => {
    const definition = define({ every: '10s', jitter: '1h' })
    const text = planInstants(definition, NOW_MS)
    expect(text).toMatch(/^\d+(\+\d+)?( \d+(\+\d+)?){2}$/)
    expect(text).toContain('+')
    expect(planInstants(define({ every: '10s', jitter: '1h' }), NOW_MS)).toBe(text)
    for (const { nominalMs, delayMs } of parsePlan(text).instants) {
      expect(definition.trigger.matches(nominalMs)).toBe(true)
      expect(delayMs).toBeGreaterThanOrEqual(0)
      expect(delayMs).toBeLessThan(10_000)
    }
  })
})

describe('parsePlan', () => {
  it('parsePlan reads what formatPlan wrote', () => {
    const definition = define({ every: '10s', jitter: '5s' })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e9, max: 8e11 }), { maxLength: 16 }), (slots) => {
        const instants = slots.map((slot) => slot * 10_000)
        const planned = parsePlan(formatPlan(definition, instants)).instants
        expect(planned.map(({ nominalMs }) => nominalMs)).toEqual(instants)
        expect(planned.every(({ delayMs }) => delayMs >= 0 && delayMs <= 5000)).toBe(true)
      }),
    )
  })

  it.each([
    [''],
    [' '],
    ['x'],
    ['5 x'],
    ['5+'],
    ['+5'],
    ['5  6'],
    ['5 '],
    ['5+6+7'],
    ['1e3'],
    ['5'.repeat(17)],
    ['5.5'],
  ])('parsePlan reads %j as no plan', (text) => {
    expect(parsePlan(text)).toEqual({ instants: [], isClosed: false })
  })

  it('parsePlan reads a catch-up run, a delay and the end, as scripts read them', () => {
    expect(parsePlan('-5c2 7+3c 9 .')).toEqual({
      instants: [
        { nominalMs: -5, delayMs: 0, isCatchUp: true, missed: 2 },
        { nominalMs: 7, delayMs: 3, isCatchUp: true, missed: 0 },
        { nominalMs: 9, delayMs: 0, isCatchUp: false, missed: 0 },
      ],
      isClosed: true,
    })
    expect(parsePlan(PLAN_END)).toEqual({ instants: [], isClosed: true })
  })

  it('the cheap readings of a plan agree with parsePlan', () => {
    const item = fc.tuple(fc.integer({ min: -1e12, max: 1e13 }), fc.constantFrom('', '+5', 'c', 'c3', '+2c1'))
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.boolean(), (items, isClosed) => {
        const text = joinPlans(...items.map(([nominal, rest]) => `${nominal}${rest}`))
        const { instants } = parsePlan(text)
        expect(instants).toHaveLength(items.length)
        expect(countPlanned(text, 99)).toBe(instants.length)
        expect(countPlanned(text, 2)).toBe(Math.min(2, instants.length))
        expect(firstNominal(text)).toBe(instants[0]?.nominalMs ?? null)
        expect(lastNominal(text)).toBe(instants.at(-1)?.nominalMs ?? null)
        const closed = isClosed ? joinPlans(text, PLAN_END) : text
        expect(isPlanClosed(closed)).toBe(isClosed)
        expect(parsePlan(closed)).toEqual({ instants, isClosed })
      }),
    )
  })
})
