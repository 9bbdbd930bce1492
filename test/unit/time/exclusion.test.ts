import { describe, expect, test } from 'vitest'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'
import { randomCron, Random } from './random-cron.js'
import { ZoneClock } from './zone-clock.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

function fires(input: TriggerInput, after: string, count: number): string[] {
  return createTrigger(input, 'excluded')
    .between(Date.parse(after), Infinity, count)
    .map((at) => new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z'))
}

describe('exclude', () => {
  test.each([
    ['a date', '2026-12-25', ['2026-12-24T09:00Z', '2026-12-26T09:00Z']],
    ['a range with both ends', '2026-12-24/2026-12-26', ['2026-12-27T09:00Z', '2026-12-28T09:00Z']],
    ['weekdays', 'sat, SUN', ['2026-12-24T09:00Z', '2026-12-25T09:00Z', '2026-12-28T09:00Z']],
    ['a list', '2026-12-24,2026-12-27/2026-12-30,fri', ['2026-12-26T09:00Z', '2026-12-31T09:00Z']],
    ['several texts', ['2026-12-24', 'fri', '* * 27 * *'], ['2026-12-26T09:00Z', '2026-12-28T09:00Z']],
    ['a cron', '0 9 25 12 *', ['2026-12-24T09:00Z', '2026-12-26T09:00Z']],
    ['a macro', '@yearly', ['2026-12-24T09:00Z', '2026-12-25T09:00Z']],
  ])('exclude accepts %s', (_, exclude, expected) => {
    expect(fires({ cron: '0 9 * * *', exclude }, '2026-12-24T00:00:00Z', expected.length)).toEqual(expected)
  })

  test('excluded days are days of the zone', () => {
    const input = { every: '12h', tz: 'Asia/Tokyo', exclude: '2026-06-02' }
    // 2 June in Tokyo is 1 June 15:00 to 2 June 15:00 in UTC.
    const expected = ['2026-06-01T12:00Z', '2026-06-03T00:00Z']
    expect(fires(input, '2026-06-01T00:00:00Z', 2)).toEqual(expected)
  })

  test('an excluded cron without seconds removes the whole minute, and one with seconds removes the second', () => {
    expect(fires({ every: '20s', exclude: '1 * * * *' }, '2026-01-01T00:00:30Z', 3)).toEqual([
      '2026-01-01T00:00:40Z',
      '2026-01-01T00:02Z',
      '2026-01-01T00:02:20Z',
    ])
    expect(fires({ every: '20s', exclude: '0 1 * * * *' }, '2026-01-01T00:00:40Z', 2)).toEqual([
      '2026-01-01T00:01:20Z',
      '2026-01-01T00:01:40Z',
    ])
  })

  test('a fire that a gap moves is excluded by its new instant, or by an excluded cron that moves with it', () => {
    const input = { cron: '30 2 * * *', tz: 'America/New_York' }
    const after = '2026-03-08T00:00:00Z'
    expect(fires({ ...input, exclude: '0 3 * * *' }, after, 1)).toEqual(['2026-03-09T06:30Z'])
    expect(fires({ ...input, exclude: '30 2 8 3 *' }, after, 1)).toEqual(['2026-03-09T06:30Z'])
    expect(fires({ ...input, exclude: '30 2 9 3 *' }, after, 2)).toEqual(['2026-03-08T07:00Z', '2026-03-10T06:30Z'])
  })

  test('an excluded interval-like cron does not move with a gap, and leaves the fire that a gap moved', () => {
    const input = { cron: '30 2 * * *', tz: 'America/New_York', exclude: '*/30 2 * * *' }
    expect(fires(input, '2026-03-07T00:00:00Z', 2)).toEqual(['2026-03-08T07:00Z', '2027-03-14T07:00Z'])
    const trigger = createTrigger(input, 'moved')
    expect(trigger.previous(Date.parse('2027-03-14T07:00Z'))).toBe(Date.parse('2026-03-08T07:00Z'))
  })

  test('exclude removes both passes of a repeated hour', () => {
    const input = { cron: '*/30 * * * *', tz: 'America/New_York', exclude: '30 1 * * *' }
    expect(fires(input, '2026-11-01T04:59:00Z', 3)).toEqual([
      '2026-11-01T05:00Z',
      '2026-11-01T06:00Z',
      '2026-11-01T07:00Z',
    ])
  })
})

describe('limits', () => {
  const day = 86_400_000
  const start = Date.UTC(2026, 0, 10)

  test('start and end are the first and the last allowed instant', () => {
    const trigger = createTrigger({ cron: '@daily', start, end: start + 2 * day }, 'limited')
    expect(trigger.between(0, Infinity, 10)).toEqual([start, start + day, start + 2 * day])
    expect(trigger.previous(Infinity)).toBe(start + 2 * day)
    expect(trigger.previous(start + 1)).toBe(start)
    expect(trigger.previous(start)).toBeNull()
    expect(trigger.matches(start - day)).toBe(false)
    expect(trigger.matches(start + 3 * day)).toBe(false)
  })

  test('skipNext removes one instant', () => {
    const trigger = createTrigger({ cron: '@daily', skipNext: start }, 'skipping')
    expect(trigger.between(start - day - 1, Infinity, 2)).toEqual([start - day, start + day])
    expect(trigger.previous(start + 1)).toBe(start - day)
    expect(trigger.matches(start)).toBe(false)
  })

  test('an end in the past leaves no instant', () => {
    expect(createTrigger({ every: '1h', end: '2020-01-01T00:00:00Z' }, 'over').next(Date.UTC(2026, 0))).toBeNull()
  })
})

describe('random exclusions', () => {
  test('random exclusions remove exactly the instants that they name', { timeout: 60_000 }, () => {
    const random = new Random(seed)
    const zones = ['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca'].map(
      (zone) => new ZoneClock(zone),
    )
    let taken = 0
    for (let run = 0; run < 2_000; run++) {
      const clock = random.pick(zones)
      const cron = randomCron(random)
      const excluded = randomCron(random)
      if (cron.dayMatch !== excluded.dayMatch) continue
      const base = { cron: cron.text, tz: clock.zone, dstGap: 'skip', dayMatch: cron.dayMatch }
      let plain
      let limited
      try {
        plain = createTrigger(base, 'plain')
        limited = createTrigger({ ...base, exclude: excluded.text }, 'limited')
      } catch {
        continue
      }
      const from = Date.UTC(2010 + random.below(20), random.below(12), 1 + random.below(28))
      const all = plain.between(from, from + 40 * 86_400_000, 300)
      const { seconds, minutes, hours, namesDay } = excluded.meaning
      const wholeMinutes = excluded.text.trim().split(/\s+/).length === 5
      const kept = all.filter((at) => {
        const wall = new Date(at + clock.offsetAt(at / 1000) * 1000)
        const inTime =
          minutes.has(wall.getUTCMinutes()) &&
          hours.has(wall.getUTCHours()) &&
          (wholeMinutes || seconds.has(wall.getUTCSeconds()))
        return !(inTime && namesDay(wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()))
      })
      taken += all.length - kept.length
      const last = all.at(-1) ?? from
      expect(limited.between(from, last, 300), `SEED=${seed} ${JSON.stringify(base)} without ${excluded.text}`).toEqual(
        kept,
      )
      const backwards: number[] = []
      for (let at = limited.previous(last + 1); at !== null && at > from; at = limited.previous(at))
        backwards.unshift(at)
      expect(backwards).toEqual(kept)
    }
    console.log(`exclusion: SEED=${seed}, ${taken} occurrences taken away`)
    expect(taken).toBeGreaterThan(1_000)
  })

  test.each([
    ['everything, by minutes', { cron: '* * * * * *', exclude: '* * * * *' }],
    ['everything, by seconds', { cron: '* * * * * *', exclude: '* * * * * *' }],
    ['everything, by two halves', { cron: '* * * * * *', exclude: ['*/2 * * * * *', '1-59/2 * * * * *'] }],
    ['everything, by weekdays', { every: 100, exclude: 'sun,mon,tue,wed,thu,fri,sat' }],
    ['everything of a grid', { every: '1m', exclude: '0 * * * * *' }],
    ['a century', { every: 100, exclude: '2000-01-01/2200-01-01' }],
  ])('a search through an exclusion of %s ends at once without an instant', (_, input) => {
    const trigger = createTrigger({ ...input, tz: 'Europe/Paris' }, 'nothing')
    const begin = process.cpuUsage()
    expect(trigger.next(Date.UTC(2026, 0))).toBeNull()
    expect(trigger.previous(Date.UTC(2026, 0))).toSatisfy((at) => at === null || at < Date.UTC(2000, 0))
    // Time on the processor: a busy machine does not add to it.
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(1_000)
  })

  test.each([
    ['* * * * * *', '* * * 1-11 *', '2026-12-01T00:00Z'],
    ['*/2 * * * * *', '*/2 * * * 1-11 *', '2026-12-01T00:00Z'],
    ['0 * * * *', '0-30 * * 1-11 *', '2026-12-01T00:00Z'],
    ['* * * * * *', '1-59 * * * * *', '2026-01-01T00:01Z'],
  ])('a search for %s without %s leaps to the remaining instants', (cron, exclude, expected) => {
    expect(fires({ cron, exclude }, '2026-01-01T00:00:30Z', 1)).toEqual([expected])
  })

  test('a search for every: 60s without the whole minutes of eleven months leaps too', () => {
    expect(fires({ every: '60s', exclude: '0 * * * 1-11 *', tz: 'UTC' }, '2026-01-01T00:00:30Z', 1)).toEqual([
      '2026-12-01T00:00Z',
    ])
  })
})
