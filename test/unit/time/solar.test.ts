import { describe, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'

const BERLIN = { lat: 52.52, lon: 13.405 }
const DAY_MS = 86_400_000

describe('solar events', () => {
  // The times of Astronomy Engine 2.1.19, an independent model that is exact to about a second.
  test.each([
    ['sunrise', 51.4779, 0, '2026-06-21T00:00:00Z', '2026-06-21T03:42:47Z', 10],
    ['sunset', 51.4779, 0, '2026-06-21T12:00:00Z', '2026-06-21T20:20:50Z', 10],
    ['noon', 51.4779, 0, '2026-06-21T00:00:00Z', '2026-06-21T12:01:48Z', 10],
    ['sunrise', -33.8688, 151.2093, '2026-12-21T12:00:00Z', '2026-12-21T18:41:06Z', 10],
    ['sunset', -33.8688, 151.2093, '2026-12-22T00:00:00Z', '2026-12-22T09:05:55Z', 10],
    ['sunrise', 40.7128, -74.006, '2026-03-20T00:00:00Z', '2026-03-20T10:59:17Z', 10],
    ['sunset', 40.7128, -74.006, '2026-03-20T12:00:00Z', '2026-03-20T23:08:11Z', 10],
    ['dawn', 40.7128, -74.006, '2026-03-20T00:00:00Z', '2026-03-20T10:32:01Z', 10],
    ['dusk', 40.7128, -74.006, '2026-03-20T12:00:00Z', '2026-03-20T23:35:31Z', 10],
    ['sunset', 69.65, 18.96, '2026-05-10T12:00:00Z', '2026-05-10T21:02:02Z', 60],
    ['sunrise', 69.65, 18.96, '2026-07-29T12:00:00Z', '2026-07-30T00:04:27Z', 60],
  ])('the event %s at %f, %f after %s is at %s, within %i s', (solar, lat, lon, after, expected, seconds) => {
    const found = createTrigger({ solar, lat, lon }, 'sun').next(Date.parse(after))!
    expect(Math.abs(found - Date.parse(expected)) / 1000, new Date(found).toISOString()).toBeLessThanOrEqual(seconds)
  })
})

describe('solar triggers', () => {
  test('solar triggers fire once in each day of the place, wherever it lies', () => {
    for (const lon of [-180, -179.9, -74, 0, 13.4, 151.2, 178.4, 180]) {
      for (const solar of ['sunrise', 'sunset', 'noon', 'dawn', 'dusk']) {
        const trigger = createTrigger({ solar, lat: -18.1, lon }, 'sun')
        const fires = trigger.between(Date.UTC(2026, 0), Date.UTC(2027, 0), 1_000)
        expect(fires.length, `${solar} at ${lon}`).toBeGreaterThanOrEqual(364)
        expect(fires.length).toBeLessThanOrEqual(366)
        fires.slice(1).forEach((at, index) => expect(Math.abs(at - fires[index]! - DAY_MS)).toBeLessThan(5 * 60_000))
      }
    }
  })

  test('an offset moves the event, across midnight too', () => {
    const sunset = createTrigger({ solar: 'sunset', ...BERLIN }, 'sun').between(
      Date.UTC(2026, 5),
      Date.UTC(2026, 6),
      100,
    )
    for (const [text, shift] of [
      ['sunset-30m', -1_800_000],
      ['SUNSET+90m', 5_400_000],
      ['sunset+23h', 82_800_000],
      ['sunset-PT23H', -82_800_000],
    ] as const) {
      const trigger = createTrigger({ solar: text, ...BERLIN }, 'sun')
      expect(trigger.between(sunset[3]! + shift - 1, Infinity, 3)).toEqual(
        [3, 4, 5].map((index) => sunset[index]! + shift),
      )
    }
  })

  test('next, previous and matches of a solar trigger agree', () => {
    for (const place of [BERLIN, { lat: 69.65, lon: 18.96 }, { lat: -77.85, lon: 166.67 }]) {
      const trigger = createTrigger({ solar: 'sunset-10m', ...place }, 'sun')
      const fires = trigger.between(Date.UTC(2026, 0), Date.UTC(2027, 6), 1_000)
      fires.forEach((at, index) => {
        expect(trigger.matches(at)).toBe(true)
        expect(trigger.matches(at + 1000)).toBe(false)
        if (index > 0) expect(trigger.previous(at)).toBe(fires[index - 1])
        expect(trigger.next(at - 1)).toBe(at)
      })
    }
  })

  test('a polar summer and a polar winter have no sunset', () => {
    const trigger = createTrigger({ solar: 'sunset', lat: 69.65, lon: 18.96 }, 'tromso')
    const fires = trigger.between(Date.UTC(2026, 0), Date.UTC(2027, 0), 1_000)
    expect(fires.length).toBeGreaterThan(230)
    expect(fires.length).toBeLessThan(260)
    const gaps = fires
      .slice(1)
      .map((at, index) => ({ days: (at - fires[index]!) / DAY_MS, month: new Date(fires[index]!).getUTCMonth() }))
    const long = gaps.filter(({ days }) => days > 2)
    // Midnight sun from mid May to late July.
    expect(long).toHaveLength(1)
    expect(long[0]!.month).toBe(4)
    expect(long[0]!.days).toBeGreaterThan(60)
    // Polar night from late November to mid January, on both sides of the year's end.
    expect(new Date(fires[0]!).toISOString().slice(0, 7)).toBe('2026-01')
    expect(new Date(fires.at(-1)!).toISOString().slice(0, 7)).toBe('2026-11')
  })

  test('noon occurs every day even at the pole', () => {
    expect(
      createTrigger({ solar: 'noon', lat: 90, lon: 0 }, 'pole').between(Date.UTC(2026, 0), Date.UTC(2026, 1), 100),
    ).toHaveLength(31)
  })

  test('limits and exclusions apply to a solar trigger', () => {
    const trigger = createTrigger(
      { solar: 'sunset', ...BERLIN, tz: 'Europe/Berlin', exclude: 'sat,sun', start: '2026-06-05' },
      'sun',
    )
    const days = trigger.between(0, Infinity, 3).map((at) => new Date(at).toISOString().slice(0, 10))
    expect(days).toEqual(['2026-06-05', '2026-06-08', '2026-06-09'])
  })
})

test.each([
  [{ solar: 'moonrise', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: '', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset-', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset--5m', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset-25h', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'constructor', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 5, ...BERLIN }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset-soon', ...BERLIN }, 'solar', 'ERR_EVERYBEAT_DURATION'],
  [{ solar: 'sunrise', lat: 90, lon: 0 }, 'solar', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset' }, 'lat', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset', lat: 52 }, 'lon', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset', lat: '52', lon: 13 }, 'lat', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset', lat: NaN, lon: 13 }, 'lat', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset', lat: 91, lon: 13 }, 'lat', 'ERR_EVERYBEAT_TRIGGER'],
  [{ solar: 'sunset', lat: 52, lon: -181 }, 'lon', 'ERR_EVERYBEAT_TRIGGER'],
])('solar refuses %j', (input, field, code) => {
  expect(() => createTrigger(input, 'sun')).toThrow(EverybeatError)
  expect(() => createTrigger(input, 'sun')).toThrow(
    expect.objectContaining({ field, code, message: expect.stringMatching(/allowed/) as unknown }),
  )
})

test.each([
  { solar: 'sunset', lat: -87.54392405971885, lon: 0 },
  { solar: 'sunset', lat: 85.02918990167451, lon: -139.32286023432425 },
])(
  'near a pole $solar at $lat keeps its order, because an event that the library finds on another day is dropped',
  (input) => {
    const trigger = createTrigger(input, 'polar')
    for (let at = trigger.next(1_767_225_600_000)!, count = 0; count < 400; count++) {
      expect(trigger.previous(at + 1)).toBe(at)
      at = trigger.next(at)!
    }
  },
)
