import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseInstant, parseLastInstant } from '../../../src/time/instant.js'

const utc = (...parts: [number, number, number?, number?, number?, number?, number?]) => Date.UTC(...parts)

describe('parseInstant', () => {
  it.each<[unknown, string, number]>([
    [new Date(5), 'UTC', 5],
    [0, 'UTC', 0],
    [-1, 'UTC', -1],
    [1_767_225_600_000, 'UTC', utc(2026, 0, 1)],
    ['1767225600000', 'UTC', utc(2026, 0, 1)],
    ['-5', 'UTC', -5],
    // Numbers are milliseconds, also where as text they would look like a year or a date.
    [2026, 'UTC', 2026],
    ['2026-03-01T09:00:00Z', 'Asia/Shanghai', utc(2026, 2, 1, 9)],
    ['2026-03-01T09:00:00.250Z', 'UTC', utc(2026, 2, 1, 9, 0, 0, 250)],
    ['2026-03-01T09:00:00.123456Z', 'UTC', utc(2026, 2, 1, 9, 0, 0, 123)],
    ['2026-03-01T09:00:00,5Z', 'UTC', utc(2026, 2, 1, 9, 0, 0, 500)],
    ['2026-03-01T09:00+08:00', 'UTC', utc(2026, 2, 1, 1)],
    ['2026-03-01T09:00+0530', 'UTC', utc(2026, 2, 1, 3, 30)],
    ['2026-03-01T09:00-03', 'UTC', utc(2026, 2, 1, 12)],
    ['2026-03-01T09:00', 'UTC', utc(2026, 2, 1, 9)],
    ['2026-03-01 09:00', 'UTC', utc(2026, 2, 1, 9)],
    [' 2026-03-01T09:00 ', 'UTC', utc(2026, 2, 1, 9)],
    ['2026-03-01T09:00', 'Asia/Shanghai', utc(2026, 2, 1, 1)],
    ['2026-03-01', 'Asia/Shanghai', utc(2026, 1, 28, 16)],
    ['2024-02-29', 'UTC', utc(2024, 1, 29)],
    // New York, 2026: the hour from 02:00 is missing on 8 March, and the hour from 01:00 comes twice on 1 November.
    ['2026-03-08T01:59:59.999', 'America/New_York', utc(2026, 2, 8, 6, 59, 59, 999)],
    ['2026-03-08T03:00', 'America/New_York', utc(2026, 2, 8, 7)],
    ['2026-11-01T00:59', 'America/New_York', utc(2026, 10, 1, 4, 59)],
    ['2026-11-01T01:30', 'America/New_York', utc(2026, 10, 1, 5, 30)],
    ['2026-11-01T02:00', 'America/New_York', utc(2026, 10, 1, 7)],
    ['2026-04-05T01:45', 'Australia/Lord_Howe', utc(2026, 3, 4, 14, 45)],
    ['2011-12-29T23:59', 'Pacific/Apia', utc(2011, 11, 30, 9, 59)],
    ['2011-12-31', 'Pacific/Apia', utc(2011, 11, 30, 10)],
    ['2026-07-01T12:00', 'Pacific/Kiritimati', utc(2026, 5, 30, 22)],
  ])('parseInstant reads %j in %s', (value, zone, expected) => {
    expect(parseInstant(value, 'at', zone)).toBe(expected)
  })

  it.each<[unknown, string?]>([
    [''],
    ['tomorrow'],
    ['now'],
    [new Date(NaN)],
    [NaN],
    [Infinity],
    [1.5],
    ['1.5'],
    [8.64e15],
    ['99999999999999999'],
    ['2026-03'],
    ['2026'],
    ['20260301'],
    [' 2026 '],
    ['2026-W09-7'],
    ['2026-060'],
    ['09:00'],
    ['T09:00Z'],
    ['2026-02-30'],
    ['2026-13-01T00:00Z'],
    ['2025-02-29T12:00Z'],
    ['2026-03-01T24:00Z'],
    ['2026-03-01T25:00Z'],
    ['2026-03-01T09:60Z'],
    ['2026-03-01T23:59:60Z'],
    ['2026-03-01T09Z'],
    ['2026-03-01Z'],
    ['2026-03-01T09:00+24:00'],
    ['2026-03-01T09:00 UTC'],
    ['2026-03-01T09:00[Asia/Shanghai]'],
    ['03/01/2026'],
    ['+012026-03-01T09:00Z'],
    ['0000-01-01T00:00Z'],
    ['2026-03-01T09:00Z\0'],
    ['2026-03-08T02:30', 'America/New_York'],
    ['2026-03-08T02:00', 'America/New_York'],
    ['2011-12-30T12:00', 'Pacific/Apia'],
    ['2026-10-04T02:15', 'Australia/Lord_Howe'],
    [null],
    [undefined],
    [true],
    [{}],
    [['2026-03-01']],
  ])('parseInstant refuses %j', (value, zone = 'UTC') => {
    expect(() => parseInstant(value, 'start', zone)).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_INSTANT', field: 'start', value }),
    )
  })

  it('parseInstant refuses a zone that does not exist where it is needed', () => {
    expect(() => parseInstant('2026-03-01T09:00', 'at', 'Mars/Olympus')).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_ZONE', value: 'Mars/Olympus' }),
    )
    expect(parseInstant('2026-03-01T09:00Z', 'at', 'Mars/Olympus')).toBe(utc(2026, 2, 1, 9))
  })

  it('the error of parseInstant says why a wall time cannot be honoured', () => {
    expect(() => parseInstant('2026-03-08T02:30', 'at', 'America/New_York')).toThrow(
      /^at: "2026-03-08T02:30" cannot be used; it does not exist in America\/New_York: the clocks skip it; allowed: /,
    )
  })

  const zones = [
    'UTC',
    'America/New_York',
    'Europe/Dublin',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Gaza',
    'Antarctica/Troll',
  ]

  it('parseInstant reads a wall time as the first instant at which the clocks of the zone show it', () => {
    const wallTimes = fc.integer({ min: utc(2010, 0, 1) / 60_000, max: utc(2030, 0, 1) / 60_000 })
    fc.assert(
      fc.property(fc.constantFrom(...zones), wallTimes, (zone, minutes) => {
        const wall = new Date(minutes * 60_000).toISOString().slice(0, 16)
        const shows = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
        const instants: number[] = []
        for (let atMs = minutes * 60_000 - 15 * 3_600_000; atMs <= minutes * 60_000 + 15 * 3_600_000; atMs += 900_000) {
          if (shows.format(atMs).replace(' ', 'T') === wall) instants.push(atMs)
        }
        if (instants.length === 0) expect(() => parseInstant(wall, 'at', zone)).toThrow(/skip/)
        else expect(parseInstant(wall, 'at', zone)).toBe(instants[0])
      }),
      { numRuns: 300 },
    )
  })

  it('parseInstant reads any text or refuses it with its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/)),
        (text) => {
          try {
            expect(Number.isInteger(parseInstant(text, 'at', 'UTC'))).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_INSTANT' })
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('a bare date as the last instant', () => {
  it.each([
    ['2026-12-25', 'UTC', '2026-12-25T23:59:59.999Z'],
    ['2026-12-25', 'America/New_York', '2026-12-26T04:59:59.999Z'],
    ['2026-03-07', 'America/New_York', '2026-03-08T04:59:59.999Z'],
    // Midnight of the next day does not exist there: the clocks go from 00:00 to 01:00.
    ['2018-11-03', 'America/Sao_Paulo', '2018-11-04T02:59:59.999Z'],
    ['2026-12-25T10:00Z', 'UTC', '2026-12-25T10:00:00.000Z'],
  ])('the bare date %s in %s as the last instant includes the whole day, up to %s', (text, zone, end) => {
    expect(new Date(parseLastInstant(text, 'end', zone)).toISOString()).toBe(end)
  })
})
