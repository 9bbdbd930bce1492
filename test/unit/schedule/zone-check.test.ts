import { describe, expect, it } from 'vitest'
import { decodeFields } from '../../../src/schedule/hash-codec.js'
import { fingerprint } from '../../../src/schedule/decide-plan.js'
import { dependsOnZoneData, isPlannedOtherwise } from '../../../src/schedule/zone-check.js'

const NOW = Date.parse('2026-06-01T00:00:00Z')
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** 09:00 in Tokyo. */
const FIRST = Date.parse('2026-06-02T00:00:00Z')
const DAILY = { cron: '0 9 * * *', tz: 'Asia/Tokyo' }

function facts(fields: Record<string, string>, state: Record<string, string>) {
  const trigger = fingerprint(decodeFields('a', fields))
  return { name: 'a', fields, digest: 'd', state: { digest: 'd', trigger, ...state } }
}

const plan = (...instants: (number | string)[]) => ({ plan: instants.join(' ') })

describe('the dependence of a schedule on time-zone data', () => {
  it.each<[Record<string, string>, boolean]>([
    [DAILY, true],
    [{ cron: '0 9 * * *' }, false],
    [{ cron: '0 9 * * *', tz: 'UTC' }, false],
    [{ every: '1h', tz: 'Asia/Tokyo' }, false],
    [{ every: '1h', tz: 'Asia/Tokyo', exclude: 'sat,sun' }, true],
    [{ at: '2026-12-24T18:00:00', tz: 'Asia/Tokyo' }, true],
  ])('the dependence on time-zone data of %j is %s', (fields, depends) => {
    expect(dependsOnZoneData(decodeFields('a', fields))).toBe(depends)
  })
})

describe('a plan', () => {
  it.each<[string, ReturnType<typeof facts>, boolean]>([
    ['as it is computed here', facts(DAILY, plan(FIRST, FIRST + DAY, FIRST + 2 * DAY)), false],
    ['of which the first was taken', facts(DAILY, { ...plan(FIRST + DAY), last: String(FIRST) }), false],
    ['with a delay', facts({ ...DAILY, jitter: '1m' }, plan(`${FIRST}+17`)), false],
    ['an hour off', facts(DAILY, plan(FIRST + HOUR, FIRST + HOUR + DAY)), true],
    ['that is off from the second instant on', facts(DAILY, plan(FIRST, FIRST + HOUR + DAY)), true],
    ['that leaves the first out', facts(DAILY, plan(FIRST + DAY)), true],
    ['that ends though more follows', facts(DAILY, plan(FIRST, '.')), true],
    ['that ends by its limit', facts({ ...DAILY, limit: '1' }, plan(FIRST, '.')), false],
    ['that has ended, as it should', facts({ ...DAILY, end: '2026-05-01T00:00:00Z' }, plan('.')), false],
    ['without instants, which a worker refills anyway', facts(DAILY, plan('')), false],
    ['with a caught-up occurrence', facts(DAILY, plan(`${NOW - HOUR}c`, FIRST)), false],
    ['of another text of the definition', facts(DAILY, { ...plan(FIRST + HOUR), digest: 'other' }), false],
    ['of a schedule that is paused', facts(DAILY, { ...plan(FIRST + HOUR), paused: '{}' }), false],
    ['of a schedule in UTC', facts({ cron: '0 9 * * *' }, plan(FIRST + HOUR)), false],
    ['of another trigger', facts(DAILY, { ...plan(FIRST + HOUR), trigger: 'other' }), false],
    ['that cannot be read', facts(DAILY, plan('x', '1e9', '-')), false],
    ['with an unreadable last instant', facts(DAILY, { ...plan(FIRST), last: 'x' }), false],
    ['that older data refused for its zone', facts(DAILY, { error: 'ERR_EVERYBEAT_ZONE: tz' }), true],
    ['that was refused for something else', facts(DAILY, { error: 'ERR_EVERYBEAT_CRON: cron', plan: '' }), false],
  ])('other time-zone data is noticed correctly in a plan %s', (_what, stored, isOther) => {
    expect(isPlannedOtherwise(stored, NOW)).toBe(isOther)
  })

  it('a plan whose single instant has moved counts as changed, unless the occurrence has run', () => {
    const fields = { at: '2026-12-24T18:00:00', tz: 'Asia/Tokyo' }
    const moved = { ...plan(Date.parse('2026-12-24T10:00:00Z'), '.'), trigger: 'at 2026-12-24T10:00:00.000Z' }
    expect(isPlannedOtherwise(facts(fields, moved), NOW)).toBe(true)
    expect(isPlannedOtherwise(facts(fields, { ...moved, plan: '.', last: '1' }), NOW)).toBe(false)
  })
})
