import { describe, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { findZone } from '../../../src/time/zone.js'
import { Random } from './random-cron.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

/** The offset that `Intl` shows in the fields of a date, in seconds. */
function offsetByFields(format: Intl.DateTimeFormat, second: number): number {
  const parts = new Map(format.formatToParts(second * 1000).map(({ type, value }) => [type, Number(value)]))
  const field = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type)!
  const wall = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return wall / 1000 - second
}

describe('segments of a zone', () => {
  test(
    'segments of a zone have the offsets that Intl shows, in every zone, from 1850 to the year 60 000',
    { timeout: 60_000 },
    () => {
      const random = new Random(seed)
      const ranges = [
        [Date.UTC(1850, 0), Date.UTC(1970, 0), 12],
        [Date.UTC(1970, 0), Date.UTC(2100, 0), 40],
        [Date.UTC(2100, 0), Date.UTC(60_000, 0), 12],
      ] as const
      const wrong: string[] = []
      for (const name of Intl.supportedValuesOf('timeZone')) {
        const zone = findZone(name)
        const format = new Intl.DateTimeFormat('en-US', {
          ...{ timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
          ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
        })
        for (const [from, to, count] of ranges) {
          for (let sample = 0; sample < count; sample++) {
            const second = Math.floor((from + random.next() * (to - from)) / 1000)
            const segment = zone.segmentAt(second)
            const asked = [second, segment.start, segment.end - 1].filter(Number.isFinite)
            for (const at of asked) if (offsetByFields(format, at) !== segment.offset) wrong.push(`${name} ${at}`)
            if (Number.isFinite(segment.end) && offsetByFields(format, segment.end) !== segment.offsetAfter)
              wrong.push(`${name} end ${second}`)
            if (Number.isFinite(segment.start) && offsetByFields(format, segment.start - 1) !== segment.offsetBefore)
              wrong.push(`${name} start ${second}`)
          }
        }
      }
      console.log(`zone: SEED=${seed}`)
      expect(wrong.slice(0, 10)).toEqual([])
    },
  )

  test('segments of a zone follow each other through the years without a gap', () => {
    for (const name of [
      'America/New_York',
      'Pacific/Apia',
      'Africa/Casablanca',
      'Europe/Amsterdam',
      'America/Recife',
    ]) {
      const zone = findZone(name)
      let segment = zone.segmentAt(Date.UTC(1890, 0) / 1000)
      while (segment.end < Date.UTC(2210, 0) / 1000) {
        const following = zone.segmentAt(segment.end)
        expect([following.start, following.offsetBefore, following.offset]).toEqual([
          segment.end,
          segment.offset,
          segment.offsetAfter,
        ])
        segment = following
      }
    }
  })

  test.each(['Asia/Gaza', 'Asia/Hebron', 'Africa/Casablanca', 'Africa/Cairo'])(
    'segments of %s have a change wherever two days in a row have different offsets, from 2001 to 2199',
    { timeout: 60_000 },
    (name) => {
      const zone = findZone(name)
      const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
      const shown = (second: number) =>
        format
          .format(second * 1000)
          .split(' ')
          .at(-1)!
      const wrong: string[] = []
      const end = Date.UTC(2200, 0) / 1000
      for (let day = Date.UTC(2001, 0) / 1000; day + 86_400 < end; day += 86_400) {
        const isCut = zone.segmentAt(day).offset !== zone.segmentAt(day + 86_400).offset
        if (isCut !== (shown(day) !== shown(day + 86_400))) wrong.push(new Date(day * 1000).toISOString())
      }
      expect(wrong).toEqual([])
    },
  )

  test('segments of a zone find the short summer break of Recife in 2000, 7 days', () => {
    const zone = findZone('America/Recife')
    const segment = zone.segmentAt(Date.UTC(2000, 9, 10) / 1000)
    expect(segment).toMatchObject({
      start: Date.UTC(2000, 9, 8, 3) / 1000,
      end: Date.UTC(2000, 9, 15, 2) / 1000,
      offset: -7200,
    })
  })
})

test.each([
  '',
  ' ',
  'UTC+25',
  'UTC+2',
  '+05:30',
  '-08',
  'Z',
  'local',
  'system',
  'Mars/Olympus',
  'Europe/Berlin ',
  'Europe/Berlin\0',
  'GMT+5',
  'x'.repeat(500),
  '時間',
  5,
  null,
  {},
  [],
  true,
])('findZone refuses %j as a zone', (name) => {
  expect(() => findZone(name)).toThrow(EverybeatError)
  try {
    findZone(name, 'tz')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_ZONE', field: 'tz', value: name })
    expect((error as Error).message).toMatch(/^tz: .* cannot be used; allowed: IANA/)
  }
})

test.each([
  'UTC',
  'Etc/UTC',
  'GMT',
  'EST5EDT',
  'Etc/GMT+5',
  'America/Argentina/Buenos_Aires',
  'Asia/Calcutta',
  'europe/london',
])('findZone knows %s', (name) => {
  expect(findZone(name).name).toBe(name)
})

test.each([
  ['BST', 'Europe/London'],
  ['AST', 'America/Halifax'],
  ['ist', 'Asia/Kolkata'],
  ['CEST', 'Europe/Paris'],
  ['Berlin', 'Europe/Berlin'],
  ['new york', 'America/New_York'],
])('findZone refuses %s, which is no IANA name, and says that %s is likely meant', (name, meant) => {
  expect(() => findZone(name)).toThrow(`did you mean "${meant}"?`)
})
