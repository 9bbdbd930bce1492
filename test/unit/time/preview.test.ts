import { describe as group, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import { describe } from '../../../src/time/describe.js'
import { preview } from '../../../src/time/preview.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'
import { tzDataVersion } from '../../../src/time/tz-data.js'

const tz = 'America/New_York'

/** Rows as `local | note`. */
function rows(definition: TriggerInput, from: string, count = 2): string[] {
  return preview(definition, { from, count }).map(({ local, note }) =>
    note === undefined ? local : `${local} | ${note}`,
  )
}

group('preview', () => {
  test('preview shows instants strictly after from, on the clock of the zone', () => {
    const [first, second] = preview(
      { cron: '0 9 * * 1-5', tz: 'Asia/Shanghai' },
      { from: new Date('2026-01-02T01:00:00Z'), count: 2 },
    )
    expect(first).toEqual({ at: new Date('2026-01-05T01:00:00Z'), local: '2026-01-05 09:00:00 +08:00' })
    expect(second!.at).toEqual(new Date('2026-01-06T01:00:00Z'))
  })

  test.each([
    [
      'a gap',
      { cron: '30 2 * * *', tz },
      '2026-03-08T00:00',
      [
        '2026-03-08 03:00:00 -04:00 | clocks go forward 02:00→03:00: 02:30 does not exist, fires at 03:00',
        '2026-03-09 02:30:00 -04:00',
      ],
    ],
    [
      'several times in a gap',
      { cron: '0,15,30,45 2 * * *', tz },
      '2026-03-08T00:00',
      [
        '2026-03-08 03:00:00 -04:00 | clocks go forward 02:00→03:00: 02:00, 02:15, 02:30 and more do not exist, fire once at 03:00',
        '2026-03-09 02:00:00 -04:00',
      ],
    ],
    [
      'a gap with shift',
      { cron: '15,45 2 * * *', tz, dstGap: 'shift' },
      '2026-03-08T00:00',
      [
        '2026-03-08 03:15:00 -04:00 | clocks go forward 02:00→03:00: 02:15 and 02:45 do not exist, fire at 03:15 and 03:45',
        '2026-03-08 03:45:00 -04:00',
      ],
    ],
    [
      'a gap with skip',
      { cron: '30 2 * * *', tz, dstGap: 'skip' },
      '2026-03-08T00:00',
      [
        '2026-03-09 02:30:00 -04:00 | on 2026-03-08 clocks go forward 02:00→03:00: 02:30 does not exist, does not fire',
        '2026-03-10 02:30:00 -04:00',
      ],
    ],
    [
      'a gap and an interval',
      { cron: '*/30 * * * *', tz },
      '2026-03-08T01:00',
      [
        '2026-03-08 01:30:00 -05:00',
        '2026-03-08 03:00:00 -04:00 | clocks go forward 02:00→03:00: continues in real time, the lost times are not made up',
      ],
    ],
    [
      'an overlap',
      { cron: '30 1 * * *', tz },
      '2026-11-01T00:00',
      [
        '2026-11-01 01:30:00 -04:00 | clocks go back 02:00→01:00: 01:30 comes twice, fires the first time only',
        '2026-11-02 01:30:00 -05:00',
      ],
    ],
    [
      'an overlap, last',
      { cron: '30 1 * * *', tz, dstOverlap: 'last' },
      '2026-11-01T00:00',
      [
        '2026-11-01 01:30:00 -05:00 | clocks go back 02:00→01:00: 01:30 comes twice, fires the second time only',
        '2026-11-02 01:30:00 -05:00',
      ],
    ],
    [
      'an overlap, both',
      { cron: '30 1 * * *', tz, dstOverlap: 'both' },
      '2026-11-01T00:00',
      [
        '2026-11-01 01:30:00 -04:00 | clocks go back 02:00→01:00: 01:30 comes twice, fires both times',
        '2026-11-01 01:30:00 -05:00',
      ],
    ],
    [
      'an overlap and an interval',
      { cron: '0 * * * *', tz },
      '2026-11-01T00:30',
      [
        '2026-11-01 01:00:00 -04:00',
        '2026-11-01 01:00:00 -05:00 | clocks go back 02:00→01:00: continues in real time, the repeated times fire in both passes',
      ],
    ],
    [
      'a day that is removed',
      { cron: '0 12 * * *', tz: 'Pacific/Apia' },
      '2011-12-29T00:00',
      [
        '2011-12-29 12:00:00 -10:00',
        '2011-12-31 12:00:00 +14:00 | clocks go forward 2011-12-30 00:00→2011-12-31 00:00: 12:00 does not exist, the occurrences of a whole lost day are skipped',
      ],
    ],
    [
      'a grid',
      { every: '6h', tz },
      '2026-03-08T00:00',
      [
        '2026-03-08 01:00:00 -05:00',
        '2026-03-08 08:00:00 -04:00 | clocks go forward 02:00→03:00: real time counts, so the local time moves',
      ],
    ],
    [
      'a rule',
      { rrule: 'DTSTART;TZID=America/New_York:20260301T023000 FREQ=WEEKLY' },
      '2026-03-02',
      [
        '2026-03-08 03:00:00 -04:00 | clocks go forward 02:00→03:00: 02:30 does not exist, fires at 03:00',
        '2026-03-15 02:30:00 -04:00',
      ],
    ],
    [
      'a time that no change touches',
      { cron: '0 9 * * *', tz },
      '2026-03-07T12:00',
      ['2026-03-08 09:00:00 -04:00', '2026-03-09 09:00:00 -04:00'],
    ],
  ])('preview describes the clock changes of %s', (_, definition, from, expected) => {
    expect(rows(definition, from)).toEqual(expected)
  })

  test('preview does not describe a clock change in the past', () => {
    expect(rows({ cron: '30 1 * * *', tz }, '2026-11-01T05:30:00Z', 1)).toEqual(['2026-11-02 01:30:00 -05:00'])
    expect(rows({ cron: '30 2 * * *', tz }, '2026-03-08T07:00:00Z', 1)).toEqual(['2026-03-09 02:30:00 -04:00'])
  })

  test('preview shows milliseconds that are not zero, and no more instants than limit', () => {
    expect(rows({ every: '1s', anchor: 5 }, '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01 00:00:00.005 +00:00'])
    expect(preview({ every: '1s', limit: 3 }, { from: 0, count: 10 })).toHaveLength(3)
  })

  test('preview takes the name from the options, then from the definition', () => {
    const minute = (definition: object, name?: string): number =>
      preview(definition, { from: 0, count: 1, ...(name === undefined ? {} : { name }) })[0]!.at.getTime()
    expect(minute({ cron: 'H H * * *' }, 'a')).toBe(createTrigger({ cron: 'H H * * *' }, 'a').next(0))
    expect(minute({ cron: 'H H * * *', name: 'b' })).toBe(createTrigger({ cron: 'H H * * *' }, 'b').next(0))
  })

  test.each([0, -1, 1.5, NaN, 10_001, '5'])('preview refuses count %j', (count) => {
    expect(() => preview({ cron: '@daily' }, { from: 0, count: count as number })).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field: 'count' }),
    )
  })

  test('preview refuses to be called without options, and options that it does not know', () => {
    expect(() => preview({ cron: '@daily' }, undefined as never)).toThrow(/^options: undefined cannot be used/)
    expect(() => preview({ cron: '@daily' }, { from: 0, count: 1, nmae: 'a' } as never)).toThrow(/"nmae" is not known/)
  })

  test('preview refuses a wrong value of from and a wrong definition', () => {
    expect(() => preview({ cron: '@daily' }, { from: 'soon', count: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_INSTANT', field: 'from' }),
    )
    expect(() => preview({ cron: '99 * * * *' }, { from: 0, count: 1 })).toThrow(EverybeatError)
  })
})

group('describe', () => {
  test.each([
    [{ cron: '0 9 * * 1-5', tz: 'Asia/Shanghai' }, 'At 09:00, Monday through Friday, in Asia/Shanghai.'],
    [{ cron: '*/10 * * * * *' }, 'Every 10 seconds, in UTC.'],
    [{ cron: '@weekly' }, 'At 00:00, only on Sunday, in UTC.'],
    [{ cron: '0 9 LW * *' }, 'At 09:00, on the last weekday of the month, in UTC.'],
    [{ cron: '0 9 * * 5#2' }, 'At 09:00, on the second Friday of the month, in UTC.'],
    [{ cron: '0 9 13 * 5' }, 'At 09:00, on day 13 of the month or on Friday, in UTC.'],
    [{ cron: '0 9 13 * 5', dayMatch: 'and' }, 'At 09:00, on day 13 of the month, only on Friday, in UTC.'],
    [{ cron: '0 9 1-5,10W * *' }, 'By the cron expression 0 0 9 1-5,10W * *, in UTC.'],
    [{ every: '90m', exclude: ['sat,sun', '2026-12-25'] }, 'Every 1 hour 30 minutes, except sat,sun, 2026-12-25.'],
    [{ every: '1h', spread: true }, 'Every hour, shifted by the name.'],
    [{ every: '1d', anchor: '2026-01-01T06:00:00Z' }, 'Every day, counted from 2026-01-01 06:00:00 +00:00.'],
    [{ every: 250 }, 'Every 250 milliseconds.'],
    [{ at: '2026-06-01T09:00:00', tz: 'Europe/Paris' }, 'Once, at 2026-06-01 09:00:00 +02:00.'],
    [
      { rrule: 'DTSTART:20260101T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=MO' },
      'Every 2 weeks from 2026-01-01 09:00:00 (BYDAY MO), in UTC.',
    ],
    [{ solar: 'sunset-30m', lat: 52.5, lon: 13.4 }, '30 minutes before sunset at latitude 52.5, longitude 13.4.'],
    [{ solar: 'noon', lat: 0, lon: 0 }, 'At noon at latitude 0, longitude 0.'],
    [
      { cron: '@daily', start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z', skipNext: '2026-01-05T00:00:00Z' },
      'At 00:00, in UTC, leaving out 2026-01-05 00:00:00 +00:00, from 2026-01-01 00:00:00 +00:00, until 2026-02-01 00:00:00 +00:00.',
    ],
  ])('describe puts %j into words', (definition, expected) => {
    expect(describe(definition)).toBe(expected)
  })

  test('preview refuses a definition without a usable trigger', () => {
    expect(() => describe({ cron: '99 * * * *' })).toThrow(EverybeatError)
  })
})

group('text', () => {
  const text = (input: TriggerInput, name = 'a'): string => createTrigger(input, name).text

  test('the fingerprint is the same for two spellings of the same occurrences', () => {
    expect(text({ cron: '0 9 * * mon-FRI' })).toBe(
      text({ cron: ' 00  09 * *\tMon-fri ', tz: 'UTC', dstGap: 'first-instant', dayMatch: 'or' }),
    )
    expect(text({ cron: '@daily' })).toBe(text({ cron: '0 0 0 * * *' }))
    expect(text({ every: '1h' })).toBe(text({ every: 3_600_000, anchor: 7_200_000, spread: false }))
    expect(text({ at: '2026-01-01T01:00:00+01:00' })).toBe(text({ at: new Date('2026-01-01T00:00:00Z') }))
    expect(text({ every: '1h', exclude: ['sun', '2026-12-25', 'sat'] })).toBe(
      text({ every: '1h', exclude: 'sat,sun,2026-12-25' }),
    )
  })

  test('the fingerprint differs where the occurrences differ', () => {
    const texts = [
      ...[
        { cron: '0-59 * * * *' },
        { cron: '* * * * *' },
        { cron: '* * * * *', tz },
        { cron: '0 9 * * *', tz },
        { cron: '0 9 * * *', tz, dstGap: 'skip' },
      ],
      ...[
        { cron: '0 9 * * *', tz, dstOverlap: 'last' },
        { cron: '0 9 1 * 1', dayMatch: 'and' },
        { cron: '0 9 1 * 1' },
        { cron: 'H 9 * * *' },
      ],
      ...[
        { every: '1h' },
        { every: '1h', anchor: 1 },
        { every: '1h', spread: true },
        { every: '1h', start: 0 },
        { every: '1h', end: 0 },
        { every: '1h', skipNext: 0 },
      ],
      ...[
        { every: '1h', exclude: 'sat' },
        { every: '1h', exclude: 'sat', tz },
        { every: '1h', exclude: '0 0 * * 6' },
        { every: '1h', exclude: '* 0 0 * * 6' },
      ],
      ...[
        { solar: 'sunset', lat: 1, lon: 2 },
        { solar: 'sunset-1m', lat: 1, lon: 2 },
        { solar: 'sunset', lat: 2, lon: 1 },
      ],
      ...[
        { rrule: 'DTSTART:20260101T090000 FREQ=DAILY' },
        { rrule: 'DTSTART:20260101T090000 FREQ=DAILY', tz },
        { at: 0 },
        { at: 1 },
      ],
    ].map((input) => text(input))
    expect(new Set(texts).size).toBe(texts.length)
    expect(text({ cron: 'H 9 * * *' }, 'b')).not.toBe(text({ cron: 'H 9 * * *' }, 'a'))
  })
})

test('the version of the time-zone data is known', () => {
  expect(tzDataVersion()).toMatch(/^\d{4}[a-z]$/)
})
