import { describe, expect, it } from 'vitest'
import { decodeFields } from '../../../src/schedule/hash-codec.js'
import { InstantRules } from '../../../src/schedule/instant-rules.js'

const NOW_MS = Date.UTC(2026, 10, 27, 12)

describe('the rule of a definition', () => {
  it.each<Record<string, string>>([
    { cron: '0 9 * * 1-5', tz: 'Asia/Shanghai', payload: '{"to":"ops"}' },
    { cron: 'H H * * *', jitter: '90s' },
    { every: '5m', anchor: '2026-11-27T12:00:30Z', enabled: '0' },
    { every: '300000', spread: '1' },
    { cron: '0 * * * *', exclude: '["sat,sun","2026-12-25"]', start: '2026-11-28', end: '2026-12-31' },
    { at: '2026-12-01T08:00', tz: 'Europe/Berlin' },
    { cron: '30 2 * * *', tz: 'Europe/Berlin', dstGap: 'skip', skipNext: '2026-11-28T01:30:00Z', note: 'why' },
  ])('the rule of %o gives the instants, the delays and the zone of the whole definition', (fields) => {
    const rules = new InstantRules()
    for (const name of ['a', 'b']) {
      const whole = decodeFields(name, fields)
      const rule = rules.read(name, fields)!
      expect(rule.trigger.text).toBe(whole.trigger.text)
      expect(rule.trigger.between(NOW_MS, NOW_MS + 90 * 86_400_000, 50)).toEqual(
        whole.trigger.between(NOW_MS, NOW_MS + 90 * 86_400_000, 50),
      )
      expect(rule).toMatchObject({ name, jitterMs: whole.jitterMs, enabled: whole.enabled })
      expect(rule.given.tz).toBe(whole.given.tz)
    }
  })

  it('schedules whose trigger fields have the same text share one trigger', () => {
    const rules = new InstantRules()
    const first = rules.read('a', { cron: '0 9 * * *', payload: '1' })!
    expect(rules.read('b', { cron: '0 9 * * *', payload: '2' })!.trigger).toBe(first.trigger)
    expect(rules.read('c', { cron: '0 9 * * *', tz: 'Asia/Shanghai' })!.trigger).not.toBe(first.trigger)
  })

  it('a definition with an unknown field has no rule', () => {
    expect(new InstantRules().read('a', { cron: '0 9 * * *', moonPhase: 'full' })).toBeNull()
  })

  it('at most 1 000 triggers are kept, and the oldest is dropped first', () => {
    const rules = new InstantRules()
    const fieldsOf = (index: number) => ({ every: String(60_000 + index) })
    const triggers = Array.from({ length: 1_001 }, (_, index) => rules.read('a', fieldsOf(index))!.trigger)
    expect(rules.read('a', fieldsOf(1_000))!.trigger).toBe(triggers[1_000])
    expect(rules.read('a', fieldsOf(0))!.trigger).not.toBe(triggers[0])
  })
})
