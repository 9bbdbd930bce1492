import { describe, expect, test } from 'vitest'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'

/** The fires after an instant, as `2026-03-08T07:00Z`, with seconds only where there are any. */
function fires(input: TriggerInput, after: string, count: number, name = 'worked'): string[] {
  return createTrigger(input, name)
    .between(Date.parse(after), Infinity, count)
    .map((at) => new Date(at).toISOString().replace(/(:00)?\.000Z$/, 'Z'))
}

describe('the worked cases of New York in 2026', () => {
  test.each([
    ['30 2 * * *', '2026-03-07T06:00:00Z', ['2026-03-07T07:30Z', '2026-03-08T07:00Z', '2026-03-09T06:30Z']],
    ['30 1 * * *', '2026-11-01T04:00:00Z', ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    [
      '*/30 * * * *',
      '2026-11-01T05:00:00Z',
      ['2026-11-01T05:30Z', '2026-11-01T06:00Z', '2026-11-01T06:30Z', '2026-11-01T07:00Z'],
    ],
    ['0-59/30 * * * *', '2026-11-01T05:00:00Z', ['2026-11-01T05:30Z', '2026-11-01T06:00Z', '2026-11-01T06:30Z']],
    // Without `*` or `/` in a time field it is fixed-time, so each wall-clock time fires once.
    ['0,30 0-23 * * *', '2026-11-01T05:00:00Z', ['2026-11-01T05:30Z', '2026-11-01T07:00Z']],
    ['0,30 * * * *', '2026-11-01T05:00:00Z', ['2026-11-01T05:30Z', '2026-11-01T06:00Z', '2026-11-01T06:30Z']],
    ['0,15,45 2 * * *', '2026-03-08T06:00:00Z', ['2026-03-08T07:00Z', '2026-03-09T06:00Z']],
    ['30 2,3 * * *', '2026-03-08T06:00:00Z', ['2026-03-08T07:00Z', '2026-03-08T07:30Z', '2026-03-09T06:30Z']],
    ['0 2,3 * * *', '2026-03-08T06:00:00Z', ['2026-03-08T07:00Z', '2026-03-09T06:00Z', '2026-03-09T07:00Z']],
    ['*/30 2 * * *', '2026-03-08T06:00:00Z', ['2026-03-09T06:00Z', '2026-03-09T06:30Z']],
  ])('the cron %s in New York after %s fires as worked out', (cron, after, expected) => {
    expect(fires({ cron, tz: 'America/New_York' }, after, expected.length)).toEqual(expected)
  })

  test.each([
    ['first-instant', ['2026-03-08T07:00Z', '2026-03-09T06:15Z', '2026-03-09T06:45Z']],
    ['shift', ['2026-03-08T07:15Z', '2026-03-08T07:45Z', '2026-03-09T06:15Z']],
    ['skip', ['2026-03-09T06:15Z', '2026-03-09T06:45Z']],
  ])('the cron 15,45 2 * * * in New York with dstGap %s fires as worked out', (dstGap, expected) => {
    const input = { cron: '15,45 2 * * *', tz: 'America/New_York', dstGap }
    expect(fires(input, '2026-03-08T00:00:00Z', expected.length)).toEqual(expected)
  })

  test.each([
    ['first', ['2026-11-01T05:30Z', '2026-11-02T06:30Z']],
    ['last', ['2026-11-01T06:30Z', '2026-11-02T06:30Z']],
    ['both', ['2026-11-01T05:30Z', '2026-11-01T06:30Z', '2026-11-02T06:30Z']],
  ])('the cron 30 1 * * * in New York with dstOverlap %s fires as worked out', (dstOverlap, expected) => {
    const input = { cron: '30 1 * * *', tz: 'America/New_York', dstOverlap }
    expect(fires(input, '2026-11-01T00:00:00Z', expected.length)).toEqual(expected)
  })

  test('dstGap and dstOverlap do not change an interval-like schedule', () => {
    const input = { cron: '*/30 2 * * *', tz: 'America/New_York', dstGap: 'shift', dstOverlap: 'last' }
    expect(fires(input, '2026-03-08T00:00:00Z', 1)).toEqual(['2026-03-09T06:00Z'])
  })
})

describe('clock changes elsewhere', () => {
  test.each([
    [
      'Samoa lost 30 December 2011',
      '0 12 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00:00Z',
      ['2011-12-29T22:00Z', '2011-12-30T22:00Z'],
    ],
    [
      'Lord Howe moves by 30 minutes',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00:00Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
    ],
    [
      'Lord Howe repeats half an hour',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T00:00:00Z',
      ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
    ],
    [
      'the gap of Nuuk ends on the next date',
      '30 23 * * *',
      'America/Nuuk',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    [
      'Troll moves by 2 hours',
      '30 1,2 * * *',
      'Antarctica/Troll',
      '2026-03-29T00:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-29T23:30Z'],
    ],
    [
      'Dublin winter is the exception',
      '30 1 * * *',
      'Europe/Dublin',
      '2026-03-28T12:00:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    [
      'Lord Howe runs on, where a parser blocked',
      '* 2 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T14:00:01Z',
      ['2026-04-04T15:30Z'],
    ],
  ])('a clock change outside New York is handled as worked out: %s', (_, cron, tz, after, expected) => {
    expect(fires({ cron, tz }, after, expected.length)).toEqual(expected)
  })

  test('the fires of a removed day are skipped with dstGap shift too', () => {
    const input = { cron: '0 12 30 12 *', tz: 'Pacific/Apia', dstGap: 'shift' }
    expect(fires(input, '2011-01-01T00:00:00Z', 1)).toEqual(['2012-12-29T22:00Z'])
  })
})

describe('fields', () => {
  test.each([
    ['@yearly', '2026-02-01T00:00:00Z', ['2027-01-01T00:00Z']],
    ['@ANNUALLY', '2026-02-01T00:00:00Z', ['2027-01-01T00:00Z']],
    ['@monthly', '2026-02-01T00:00:00Z', ['2026-03-01T00:00Z']],
    ['@Weekly', '2026-02-02T00:00:00Z', ['2026-02-08T00:00Z']],
    ['@daily', '2026-02-01T00:00:00Z', ['2026-02-02T00:00Z']],
    [' @midnight\t', '2026-02-01T00:00:00Z', ['2026-02-02T00:00Z']],
    ['@hourly', '2026-02-01T00:00:00Z', ['2026-02-01T01:00Z']],
    ['10 20 3 * * *', '2026-02-01T00:00:00Z', ['2026-02-01T03:20:10Z', '2026-02-02T03:20:10Z']],
    [
      '*/20 * * * * *',
      '2026-02-01T00:00:00.500Z',
      ['2026-02-01T00:00:20Z', '2026-02-01T00:00:40Z', '2026-02-01T00:01Z'],
    ],
    ['0 0 L * *', '2026-02-01T00:00:00Z', ['2026-02-28T00:00Z', '2026-03-31T00:00Z', '2026-04-30T00:00Z']],
    ['0 0 LW * *', '2026-02-01T00:00:00Z', ['2026-02-27T00:00Z', '2026-03-31T00:00Z']],
    ['0 0 lw 5 *', '2026-02-01T00:00:00Z', ['2026-05-29T00:00Z']],
    ['0 0 1W * *', '2026-07-31T00:00:00Z', ['2026-08-03T00:00Z', '2026-09-01T00:00Z']],
    ['0 0 15W 8 *', '2026-08-01T00:00:00Z', ['2026-08-14T00:00Z']],
    ['0 0 31W * *', '2026-05-01T00:00:00Z', ['2026-05-29T00:00Z', '2026-07-31T00:00Z']],
    ['0 0 1,15,L * *', '2026-02-01T00:00:00Z', ['2026-02-15T00:00Z', '2026-02-28T00:00Z', '2026-03-01T00:00Z']],
    ['0 0 1-5,10W * *', '2026-10-04T00:00:00Z', ['2026-10-05T00:00Z', '2026-10-09T00:00Z']],
    ['0 0 * * 5L', '2026-02-01T00:00:00Z', ['2026-02-27T00:00Z', '2026-03-27T00:00Z']],
    ['0 0 * * friL', '2026-02-01T00:00:00Z', ['2026-02-27T00:00Z']],
    ['0 0 * * 7L', '2026-02-01T00:00:00Z', ['2026-02-22T00:00Z']],
    ['0 0 * * 1#2', '2026-02-01T00:00:00Z', ['2026-02-09T00:00Z', '2026-03-09T00:00Z']],
    ['0 0 * * MON#5', '2026-02-01T00:00:00Z', ['2026-03-30T00:00Z', '2026-06-29T00:00Z']],
    ['0 0 * * 1#1,5L', '2026-02-01T00:00:00Z', ['2026-02-02T00:00Z', '2026-02-27T00:00Z']],
    ['0 0 * * 0', '2026-02-02T00:00:00Z', ['2026-02-08T00:00Z']],
    ['0 0 * * 7', '2026-02-02T00:00:00Z', ['2026-02-08T00:00Z']],
    ['0 0 * * 0,7', '2026-02-02T00:00:00Z', ['2026-02-08T00:00Z', '2026-02-15T00:00Z']],
    ['0 0 * * 6-7', '2026-02-02T00:00:00Z', ['2026-02-07T00:00Z', '2026-02-08T00:00Z', '2026-02-14T00:00Z']],
    ['0 0 * * fri-SUN', '2026-02-02T00:00:00Z', ['2026-02-06T00:00Z', '2026-02-07T00:00Z', '2026-02-08T00:00Z']],
    ['0 0 * * sun-mon', '2026-02-02T00:00:00Z', ['2026-02-08T00:00Z', '2026-02-09T00:00Z']],
    ['0 0 1 jan-MAR,dec *', '2026-02-02T00:00:00Z', ['2026-03-01T00:00Z', '2026-12-01T00:00Z', '2027-01-01T00:00Z']],
    ['0,0,0-30/15,15 0 * * *', '2026-02-02T00:00:00Z', ['2026-02-02T00:15Z', '2026-02-02T00:30Z', '2026-02-03T00:00Z']],
    ['05 07 * * *', '2026-02-02T00:00:00Z', ['2026-02-02T07:05Z']],
    ['0 0 ? * 1', '2026-02-03T00:00:00Z', ['2026-02-09T00:00Z']],
    ['0 0 13 * ?', '2026-02-03T00:00:00Z', ['2026-02-13T00:00Z']],
    ['0 0 13 * 5', '2026-02-03T00:00:00Z', ['2026-02-06T00:00Z', '2026-02-13T00:00Z', '2026-02-20T00:00Z']],
    // Only a bare `*` is unrestricted: the 1st, 11th, 21st, 31st, or a Friday.
    ['0 0 */10 * 5', '2026-02-03T00:00:00Z', ['2026-02-06T00:00Z', '2026-02-11T00:00Z', '2026-02-13T00:00Z']],
  ])('the fields of %s after %s fire as worked out', (cron, after, expected) => {
    expect(fires({ cron }, after, expected.length)).toEqual(expected)
  })

  test('dayMatch and requires both day fields: Friday the 13th', () => {
    const expected = ['2026-02-13T00:00Z', '2026-03-13T00:00Z', '2026-11-13T00:00Z']
    expect(fires({ cron: '0 0 13 * 5', dayMatch: 'and' }, '2026-02-03T00:00:00Z', 3)).toEqual(expected)
  })
})

describe('far and rare dates', () => {
  test.each([
    ['0 0 29 2 *', '2026-02-03T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', ['2104-02-29T00:00Z']],
    ['0 0 29 2 *', '1896-03-01T00:00:00Z', ['1904-02-29T00:00Z']],
    ['59 59 23 31 12 *', '1969-12-31T00:00:00Z', ['1969-12-31T23:59:59Z', '1970-12-31T23:59:59Z']],
    ['0 0 1 1 *', '1899-12-31T23:59:59.999Z', ['1900-01-01T00:00Z']],
    ['0 0 1 1 *', '-000001-06-01T00:00:00Z', ['0000-01-01T00:00Z']],
    ['0 0 * * *', '2500-02-28T00:00:00Z', ['2500-03-01T00:00Z']],
  ])('the rare dates of %s after %s fire as worked out', (cron, after, expected) => {
    expect(fires({ cron }, after, expected.length)).toEqual(expected)
  })

  test('29 February on a Monday occurs once in 28 or 40 years', () => {
    const trigger = createTrigger({ cron: '0 0 29 2 1', dayMatch: 'and', tz: 'America/New_York' }, 'rare')
    const years = trigger.between(Date.UTC(2026, 0), Infinity, 4).map((at) => new Date(at).getUTCFullYear())
    expect(years).toEqual([2044, 2072, 2112, 2140])
  })

  test('a cron keeps local mean time, with its seconds, before zones existed', () => {
    expect(fires({ cron: '0 12 * * *', tz: 'America/New_York' }, '1850-01-01T00:00:00Z', 1)).toEqual([
      '1850-01-01T16:56:02Z',
    ])
  })

  test('a cron ends at the last instant of JavaScript', () => {
    const trigger = createTrigger({ cron: '0 0 * * *' }, 'last')
    expect(trigger.next(8.64e15)).toBeNull()
    expect(trigger.next(Infinity)).toBeNull()
    expect(trigger.previous(-8.64e15)).toBeNull()
    expect(trigger.next(8.64e15 - 1)).toBe(8.64e15)
    expect(trigger.between(-Infinity, Infinity, 1)).toEqual([-8.64e15 + 86_400_000])
  })

  test('a cron that falls into a gap every year never fires, and the search ends after 100 years', () => {
    const trigger = createTrigger({ cron: '30 2 * 3 0#2', tz: 'America/New_York', dstGap: 'skip' }, 'gap')
    expect(trigger.next(Date.UTC(2026, 0))).toBeNull()
  })

  test.each([NaN, undefined, null, '5', {}])('a trigger refuses %j as an instant', (value) => {
    const trigger = createTrigger({ cron: '* * * * *' }, 'strict')
    expect(() => trigger.next(value as number)).toThrow(/afterMs: .* cannot be used; allowed: /)
    expect(() => trigger.previous(value as number)).toThrow(/beforeMs: .* cannot be used; allowed: /)
    expect(trigger.matches(value as number)).toBe(false)
  })
})
