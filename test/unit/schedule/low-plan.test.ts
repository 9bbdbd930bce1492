import { describe, expect, it } from 'vitest'
import { runsLow } from '../../../src/schedule/low-plan.js'
import { refillPlan } from '../../../src/schedule/decide-plan.js'
import { decodeFields } from '../../../src/schedule/hash-codec.js'

const DAY_MS = 86_400_000
const NOON_MS = Date.UTC(2026, 10, 27, 12)
/** The rest of a plan: a number of instants after noon, a distance apart. */
const left = (count: number, distanceMs = DAY_MS) =>
  Array.from({ length: count }, (_, index) => String(NOON_MS + (index + 1) * distanceMs)).join(' ')

describe('a plan that runs low', () => {
  it.each([
    ['it is spent', left(0), true],
    ['one instant is left', left(1), true],
    ['two instants are left that come soon', left(2, 1_000), true],
    ['three instants are left', left(3), false],
    ['it is closed', '.', false],
    ['it is closed behind one instant', `${left(1)} .`, false],
    ['it is closed behind two instants', `${left(2)} .`, false],
  ])('a plan is refilled or kept when %s', (_what, remainingPlan, expected) => {
    for (const drawn of [0, 0.5, 0.999]) expect(runsLow(remainingPlan, NOON_MS, () => drawn)).toBe(expected)
  })

  it('a third of the plans with two instants left is refilled, chosen at random', () => {
    const drawn = Array.from({ length: 300 }, (_, index) => index / 300)
    expect(drawn.filter((value) => runsLow(left(2), NOON_MS, () => value))).toHaveLength(100)
  })

  it.each([0, 1, 2])('a refilled plan is kept in the short form of a state when %d instants were left', (count) => {
    const definition = decodeFields('report', { cron: '0 12 * * *' })
    const refill = refillPlan(definition, left(count), NOON_MS)!
    const plan = [left(count), refill.more].filter((text) => text !== '').join(' ')
    expect(plan.split(' ')).toEqual(left(4).split(' '))
    expect(plan.length).toBeLessThanOrEqual(64)
  })

  it('a refilled plan reaches 20 s beyond its first instant where the instants are near', () => {
    const definition = decodeFields('tick', { cron: '* * * * * *' })
    const remainingPlan = left(2, 1_000)
    const { after, more } = refillPlan(definition, remainingPlan, NOON_MS)!
    expect(after).toBe(NOON_MS + 2_000)
    expect(more.split(' ').length).toBeGreaterThanOrEqual(16)
  })
})
