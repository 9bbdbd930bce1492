import { RRuleTemporal } from 'rrule-temporal'
import { describe, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import { Random } from './random-cron.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

const NEW_YORK = 'America/New_York'

describe('random rules', () => {
  const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']
  /** Rules on which the library is right: it drops parts when two day parts meet in a yearly rule, and loses its way in BYWEEKNO. */
  function randomRule(random: Random): string {
    const list = (count: number, item: () => number | string): string =>
      [...new Set(Array.from({ length: 1 + random.below(count) }, item))].join(',')
    const frequency = random.pick([
      'YEARLY',
      'YEARLY',
      'MONTHLY',
      'MONTHLY',
      'WEEKLY',
      'DAILY',
      'HOURLY',
      'MINUTELY',
      'SECONDLY',
    ])
    const subDaily = /HOUR|MINUTE|SECOND/.test(frequency)
    const parts = [`FREQ=${frequency}`]
    if (random.chance(0.5)) parts.push(`INTERVAL=${1 + random.below(/MINUTE|SECOND/.test(frequency) ? 100 : 5)}`)
    if (random.chance(0.3)) parts.push(`BYMONTH=${list(3, () => 1 + random.below(12))}`)
    const nth = (frequency === 'MONTHLY' || frequency === 'YEARLY') && random.chance(0.4)
    const dayPart = random.next()
    if (dayPart < 0.35)
      parts.push(
        `BYDAY=${list(3, () => `${nth ? random.pick(['1', '-1', '2', '-2', '+3']) : ''}${random.pick(WEEKDAYS)}`)}`,
      )
    else if (dayPart < 0.6 && frequency !== 'WEEKLY')
      parts.push(`BYMONTHDAY=${list(3, () => random.pick([1, -1, 13, 31, -31, 29, 1 + random.below(28)]))}`)
    else if (dayPart < 0.7 && frequency === 'YEARLY')
      parts.push(`BYYEARDAY=${list(3, () => random.pick([1, -1, 366, 100, 1 + random.below(366)]))}`)
    if (random.chance(0.25)) parts.push(`BYHOUR=${list(3, () => random.below(24))}`)
    if (random.chance(0.2)) parts.push(`BYMINUTE=${list(3, () => random.below(60))}`)
    if (!subDaily && parts.some((part) => part.startsWith('BY')) && random.chance(0.2))
      parts.push(`BYSETPOS=${list(2, () => random.pick([1, -1, 2, -2]))}`)
    if (random.chance(0.2)) parts.push(`WKST=${random.pick(WEEKDAYS)}`)
    if (random.chance(0.15)) parts.push(`COUNT=${1 + random.below(20)}`)
    else if (random.chance(0.1)) parts.push('UNTIL=20301231T235959Z')
    return parts.join(';')
  }

  test('random rules agree with rrule-temporal where no clock changes', { timeout: 60_000 }, () => {
    const random = new Random(seed)
    const counts = { compared: 0, refused: 0, libraryGaveUp: 0 }
    const wrong: string[] = []
    for (let run = 0; run < 700; run++) {
      const two = (value: number): string => String(value).padStart(2, '0')
      const start = `${2000 + random.below(25)}${two(1 + random.below(12))}${two(1 + random.below(28))}T${two(random.below(24))}${two(random.below(60))}00Z`
      const rrule = `DTSTART:${start}\nRRULE:${randomRule(random)}`
      const after = Date.UTC(1999 + random.below(40), random.below(12), 1 + random.below(28))
      const horizon = after + 20 * 366 * 86_400_000
      let expected: (number | null)[]
      let ours: (number | null)[]
      try {
        const trigger = createTrigger({ rrule }, 'rule')
        ours = [...trigger.between(after, horizon, 3), trigger.previous(after)]
      } catch (error) {
        if (!(error instanceof EverybeatError)) throw error
        counts.refused++
        continue
      }
      try {
        const library = new RRuleTemporal({ rruleString: rrule, maxIterations: 20_000 })
        const found: number[] = []
        for (let at = after; found.length < 3;) {
          const next = library.next(new Date(at))
          if (next === null || next.epochMilliseconds > horizon) break
          found.push((at = next.epochMilliseconds))
        }
        expected = [...found, library.previous(new Date(after))?.epochMilliseconds ?? null]
      } catch {
        // "Maximum iterations exceeded", also on rules that do fire.
        counts.libraryGaveUp++
        continue
      }
      counts.compared++
      if (JSON.stringify(ours) !== JSON.stringify(expected))
        wrong.push(`SEED=${seed} ${rrule} after ${after}: ${ours.join()} / ${expected.join()}`)
    }
    console.log(`rrule: SEED=${seed} ${JSON.stringify(counts)}`)
    expect(wrong.slice(0, 5)).toEqual([])
    expect(counts.compared).toBeGreaterThan(500)
  })

  test('random rules go forwards and backwards through the same instants, in a zone', () => {
    const random = new Random(seed)
    for (let run = 0; run < 400; run++) {
      const rrule = `DTSTART:2026${random.pick(['0301', '1025'])}T013000\nRRULE:${randomRule(random)}`
      let trigger
      try {
        trigger = createTrigger(
          {
            rrule,
            tz: random.pick([NEW_YORK, 'Australia/Lord_Howe']),
            dstGap: random.pick(['first-instant', 'shift', 'skip']),
          },
          'rule',
        )
      } catch {
        continue
      }
      const fires = trigger.between(Date.UTC(2026, 1), Infinity, 30)
      for (const [index, at] of fires.entries()) {
        expect(trigger.matches(at), `SEED=${seed} ${trigger.text}`).toBe(true)
        expect(trigger.previous(at), `SEED=${seed} ${trigger.text}`).toBe(fires[index - 1] ?? null)
      }
    }
  })
})
