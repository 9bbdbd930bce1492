import { describe, expect, test } from 'vitest'
import { createTrigger } from '../../../src/time/create-trigger.js'
import { Random } from './random-cron.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

describe('every', () => {
  test('every counts from the Unix epoch, whatever the zone does', () => {
    const trigger = createTrigger({ every: '1d', tz: 'America/New_York' }, 'daily')
    expect(trigger.next(Date.UTC(2026, 2, 8, 5))).toBe(Date.UTC(2026, 2, 9))
    expect(trigger.arithmetic).toEqual({ periodMs: 86_400_000, phaseMs: 0 })
  })

  test('every counts from its anchor, also before the anchor', () => {
    const trigger = createTrigger({ every: '7h', anchor: '2026-01-01T01:00:00Z' }, 'anchored')
    expect(trigger.matches(Date.UTC(2026, 0, 1, 1))).toBe(true)
    expect(trigger.next(Date.UTC(2026, 0, 1, 1))).toBe(Date.UTC(2026, 0, 1, 8))
    expect(trigger.previous(Date.UTC(2026, 0, 1, 1))).toBe(Date.UTC(2025, 11, 31, 18))
  })

  test('every agrees with its arithmetic, everywhere on the time line', () => {
    const random = new Random(seed)
    for (let run = 0; run < 2_000; run++) {
      const periodMs = 100 + random.below(random.pick([1_000, 100_000, 1e9, 1e12]))
      const spread = random.chance(0.5)
      const anchor = Math.floor((random.next() - 0.5) * 1e14)
      const trigger = createTrigger({ every: periodMs, anchor, spread }, `job ${run}`)
      const { phaseMs } = trigger.arithmetic!
      const after = Math.floor((random.next() - 0.5) * 1.6e16)
      const found = trigger.next(after)
      if (found !== null) {
        expect(found).toBeGreaterThan(after)
        expect(found - after).toBeLessThanOrEqual(periodMs)
        expect((BigInt(found) - BigInt(phaseMs)) % BigInt(periodMs), `SEED=${seed} ${trigger.text}`).toBe(0n)
        expect(trigger.previous(found)).toBe(found - periodMs >= -8.64e15 ? found - periodMs : null)
      }
      expect(phaseMs >= 0 && phaseMs < periodMs).toBe(true)
    }
  })

  test('every with spread gives each name a phase of its own', () => {
    const phases = Array.from(
      { length: 100 },
      (_, index) => createTrigger({ every: '1h', spread: true }, `job ${index}`).arithmetic!.phaseMs,
    )
    expect(new Set(phases).size).toBe(100)
    expect(Math.max(...phases)).toBeGreaterThan(3_000_000)
  })

  test.each([{ start: '2020-01-01' }, { end: '2030-01-01' }, { exclude: 'sat' }, { skipNext: '2026-01-01T00:00:00Z' }])(
    'every has no arithmetic with %j',
    (limit) => {
      expect(createTrigger({ every: '1h', ...limit }, 'limited').arithmetic).toBeUndefined()
    },
  )

  test('every finds the instants before and after a fraction of a millisecond', () => {
    const trigger = createTrigger({ every: 1_000 }, 'fraction')
    expect(trigger.next(999.5)).toBe(1_000)
    expect(trigger.next(1_000.5)).toBe(2_000)
    expect(trigger.previous(1_000.5)).toBe(1_000)
  })
})

describe('at', () => {
  test('at fires once', () => {
    const at = Date.UTC(2026, 5, 1)
    const trigger = createTrigger({ at: '2026-06-01T02:00:00+02:00' }, 'once')
    expect([trigger.next(at - 1), trigger.next(at), trigger.previous(at + 1), trigger.previous(at)]).toEqual([
      at,
      null,
      at,
      null,
    ])
    expect(trigger.between(0, Infinity, 10)).toEqual([at])
    expect(trigger.matches(at)).toBe(true)
  })

  test('at reads an instant without offset in its zone', () => {
    expect(createTrigger({ at: '2026-06-01T09:00:00', tz: 'Asia/Shanghai' }, 'once').next(0)).toBe(
      Date.UTC(2026, 5, 1, 1),
    )
  })
})
