import { expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'

/** Creates a trigger that must be refused, and gives the error. */
function refuse(input: object): EverybeatError {
  try {
    createTrigger(input as TriggerInput, 'refused')
  } catch (error) {
    expect(error).toBeInstanceOf(EverybeatError)
    return error as EverybeatError
  }
  throw new Error(`${JSON.stringify(input)} was not refused`)
}

const ZONES: readonly unknown[] = [
  '',
  ' ',
  'UTC+25',
  'UTC+2',
  '+02:00',
  'GMT-3',
  'local',
  'Mars/Olympus',
  'Europe/Berlin ',
  'Europe\\Berlin',
  'Z',
  '\0',
  'a'.repeat(300),
  5,
  null,
  {},
  false,
]

test.each(ZONES.map((tz) => [tz]))('the zone %j is refused', (tz) => {
  const error = refuse({ cron: '* * * * *', tz })
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_ZONE', field: 'tz', value: tz })
  expect(error.message).toMatch(/^tz: .* cannot be used; allowed: /)
})

const DURATIONS: readonly unknown[] = [
  '',
  'soon',
  '5 parsecs',
  '-5m',
  'P',
  'PT',
  '1h30',
  '5mm',
  NaN,
  Infinity,
  -1000,
  0,
  99,
  '99ms',
  null,
  {},
  true,
]

test.each(DURATIONS.map((every) => [every]))('the interval %j is refused', (every) => {
  const error = refuse({ every })
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_DURATION', field: 'every', value: every })
  expect(error.message).toMatch(/every:? .*allowed/s)
})

const INSTANTS: readonly unknown[] = [
  '',
  'tomorrow',
  '2026-13-01T00:00:00Z',
  '2026-02-30',
  '2026-01-01T25:00:00',
  NaN,
  Infinity,
  9e15,
  new Date(NaN),
  null,
  {},
  false,
]

test.each(
  INSTANTS.flatMap((value) => ['at', 'start', 'end', 'skipNext', 'anchor'].map((field) => [field, value] as const)),
)('the field %s refuses %j', (field, value) => {
  const error = refuse(field === 'at' ? { at: value } : { every: '1h', [field]: value })
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_INSTANT', field, value })
  expect(error.message).toMatch(new RegExp(`${field}: .*allowed`, 's'))
})

const EXCLUSIONS: readonly unknown[] = [
  '',
  'someday',
  '2026-02-30',
  '2026-1-1',
  '2026-12-26/2026-12-24',
  '2026-12-24/2026-12-25/2026-12-26',
  '2026-12-24/',
  'sat,,sun',
  'sa',
  'sat-sun',
  5,
  null,
  {},
  [5],
  ['2026-12-25', null],
  new Array(1_001).fill('2026-12-25'),
  new Array(21).fill('0 0 1 1 *'),
]

test.each(EXCLUSIONS.map((exclude) => [exclude]))('the field exclude refuses %j', (exclude) => {
  const error = refuse({ every: '1h', exclude })
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_TRIGGER', field: 'exclude' })
  expect(error.message).toMatch(/^exclude: .* cannot be used; allowed: /)
})

const DEFINITIONS: readonly [object, string][] = [
  [{}, 'cron'],
  [{ tz: 'UTC' }, 'cron'],
  [{ cron: '* * * * *', every: '5m' }, 'every'],
  [{ at: 0, rrule: 'x' }, 'rrule'],
  [{ cron: '* * * * *', every: '5m', at: 0 }, 'every'],
  [{ every: '5m', dstGap: 'skip' }, 'dstGap'],
  [{ at: 0, dstOverlap: 'first' }, 'dstOverlap'],
  [{ every: '5m', dayMatch: 'or' }, 'dayMatch'],
  [{ cron: '* * * * *', anchor: 0 }, 'anchor'],
  [{ cron: '* * * * *', spread: true }, 'spread'],
  [{ every: '5m', spread: 'yes' }, 'spread'],
  [{ cron: '* * * * *', lat: 5 }, 'lat'],
  [{ cron: '* * * * *', lon: 5 }, 'lon'],
  [{ cron: '* * * * *', dstGap: 'fire' }, 'dstGap'],
  [{ cron: '* * * * *', dstOverlap: '' }, 'dstOverlap'],
  [{ cron: '* * * * *', dayMatch: 'OR' }, 'dayMatch'],
  [{ cron: '* * * * *', dayMatch: null }, 'dayMatch'],
]

test.each(DEFINITIONS)('the definition %j is refused', (input, field) => {
  const error = refuse(input)
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_DEFINITION', field })
  expect(error.message).toContain(field === 'cron' ? 'none given' : field)
  expect(error.message).toMatch(/allowed/)
})

test('an end before the start is refused', () => {
  const error = refuse({ every: '1h', start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z' })
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_TRIGGER', field: 'end' })
})

test('an undefined field counts as absent', () => {
  expect(
    createTrigger({ cron: '* * * * *', every: undefined, tz: undefined, dstGap: undefined, start: undefined }, 'a')
      .kind,
  ).toBe('cron')
})
