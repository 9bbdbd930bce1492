import { describe, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'

/** Fires from DTSTART on, shown on the wall clock of the zone as `1997-09-02 09:00 EDT`. */
function local(rrule: string, tz: string, count: number, options: object = {}): string[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: tz, dateStyle: 'short', timeStyle: 'short' })
  const zone = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'shortOffset' })
  return (
    createTrigger({ rrule, tz, ...options }, 'rule')
      .between(Date.UTC(1990, 0), Infinity, count)
      // Node 24 leaves the zero out.
      .map((at) => `${format.format(at)} ${zone.format(at).split(' ')[1]!.replace(/^GMT$/, 'GMT+0')}`)
  )
}

const NEW_YORK = 'America/New_York'

describe('the examples of RFC 5545, section 3.8.5.3', () => {
  const start = 'DTSTART;TZID=America/New_York:19970902T090000\nRRULE:'
  const dates = (rrule: string, count: number): string[] =>
    local(rrule, NEW_YORK, count).map((text) => text.slice(0, 16))
  test.each([
    ['FREQ=DAILY;COUNT=10', ['1997-09-02', '1997-09-03', '1997-09-04']],
    ['FREQ=DAILY;UNTIL=19971224T000000Z', ['1997-09-02', '1997-09-03', '1997-09-04']],
    ['FREQ=DAILY;INTERVAL=10;COUNT=5', ['1997-09-02', '1997-09-12', '1997-09-22', '1997-10-02', '1997-10-12']],
    ['FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,TH;COUNT=8', ['1997-09-02', '1997-09-04', '1997-09-16', '1997-09-18']],
    ['FREQ=MONTHLY;COUNT=6;BYDAY=-2MO', ['1997-09-22', '1997-10-20', '1997-11-17', '1997-12-22']],
    ['FREQ=MONTHLY;BYMONTHDAY=-3', ['1997-09-28', '1997-10-29', '1997-11-28', '1997-12-29']],
    ['FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15', ['1997-09-02', '1997-09-15', '1997-10-02', '1997-10-15']],
    ['FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1', ['1997-09-30', '1997-10-01', '1997-10-31', '1997-11-01']],
    ['FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15', ['1997-09-10', '1997-09-11', '1997-09-12']],
    [
      'FREQ=MONTHLY;INTERVAL=2;BYDAY=TU',
      ['1997-09-02', '1997-09-09', '1997-09-16', '1997-09-23', '1997-09-30', '1997-11-04'],
    ],
    ['FREQ=YEARLY;COUNT=10;BYMONTH=6,7', ['1998-06-02', '1998-07-02', '1999-06-02', '1999-07-02']],
    ['FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200', ['2000-01-01', '2000-04-09', '2000-07-18', '2003-01-01']],
    ['FREQ=YEARLY;BYDAY=20MO', ['1998-05-18', '1999-05-17', '2000-05-15']],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', ['1998-05-11', '1999-05-17', '2000-05-15']],
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=TH', ['1998-03-05', '1998-03-12', '1998-03-19', '1998-03-26', '1999-03-04']],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13', ['1998-02-13', '1998-03-13', '1998-11-13', '1999-08-13', '2000-10-13']],
    ['FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13', ['1997-09-13', '1997-10-11', '1997-11-08']],
    ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8', ['1997-11-04', '2001-11-06', '2005-11-08']],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', ['1997-09-04', '1997-10-07', '1997-11-06']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2', ['1997-09-29', '1997-10-30', '1997-11-27', '1997-12-30']],
    ['FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5', ['1997-09-15', '1997-09-30', '1997-10-15', '1997-10-30', '1997-11-15']],
  ])('the examples of RFC 5545, section 3.8.5.3: %s', (rule, expected) => {
    expect(dates(start + rule, expected.length)).toEqual(expected.map((date) => `${date} 09:00`))
  })

  test.each([
    ['FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z', ['09:00', '12:00', '15:00']],
    ['FREQ=MINUTELY;INTERVAL=15;COUNT=6', ['09:00', '09:15', '09:30', '09:45', '10:00', '10:15']],
    ['FREQ=MINUTELY;INTERVAL=90;COUNT=4', ['09:00', '10:30', '12:00', '13:30']],
    ['FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40;COUNT=4', ['09:00', '09:20', '09:40', '10:00']],
    ['FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10;COUNT=4', ['09:00', '09:20', '09:40', '10:00']],
  ])('the examples of RFC 5545, section 3.8.5.3: %s', (rule, expected) => {
    expect(dates(start + rule, 10).slice(0, expected.length)).toEqual(expected.map((time) => `1997-09-02 ${time}`))
  })

  test('weeks begin where WKST says', () => {
    const rule = 'DTSTART;TZID=America/New_York:19970805T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST='
    expect(dates(`${rule}MO`, 9).map((text) => text.slice(5, 10))).toEqual(['08-05', '08-10', '08-19', '08-24'])
    expect(dates(`${rule}SU`, 9).map((text) => text.slice(5, 10))).toEqual(['08-05', '08-17', '08-19', '08-31'])
  })

  test('COUNT and UNTIL end a rule, both forwards and backwards', () => {
    const counted = createTrigger({ rrule: `${start}FREQ=DAILY;COUNT=10` }, 'rule')
    expect(counted.between(0, Infinity, 100)).toHaveLength(10)
    expect(counted.previous(Infinity)).toBe(Date.UTC(1997, 8, 11, 13))
    expect(counted.previous(Date.UTC(1997, 8, 2, 13))).toBeNull()
    const until = createTrigger({ rrule: `${start}FREQ=DAILY;UNTIL=19971224T000000Z` }, 'rule')
    expect(until.between(0, Infinity, 1_000)).toHaveLength(113)
  })
})

describe('clock changes', () => {
  test('a rule keeps its wall-clock time through the year', () => {
    const fires = local('DTSTART:20260228T090000 RRULE:FREQ=MONTHLY;BYMONTHDAY=-1', NEW_YORK, 3)
    expect(fires).toEqual(['2026-02-28 09:00 GMT-5', '2026-03-31 09:00 GMT-4', '2026-04-30 09:00 GMT-4'])
  })

  test.each([
    ['first-instant', ['2026-03-07 02:30 GMT-5', '2026-03-08 03:00 GMT-4', '2026-03-09 02:30 GMT-4']],
    ['shift', ['2026-03-07 02:30 GMT-5', '2026-03-08 03:30 GMT-4', '2026-03-09 02:30 GMT-4']],
    ['skip', ['2026-03-07 02:30 GMT-5', '2026-03-09 02:30 GMT-4', '2026-03-10 02:30 GMT-4']],
  ])('a wall time that does not exist follows dstGap %s, and COUNT counts fires', (dstGap, expected) => {
    expect(local('DTSTART:20260307T023000 RRULE:FREQ=DAILY;COUNT=3', NEW_YORK, 9, { dstGap })).toEqual(expected)
  })

  test.each([
    ['first', ['2026-11-01 01:30 GMT-4', '2026-11-02 01:30 GMT-5']],
    ['last', ['2026-11-01 01:30 GMT-5', '2026-11-02 01:30 GMT-5']],
    ['both', ['2026-11-01 01:30 GMT-4', '2026-11-01 01:30 GMT-5']],
  ])('a wall time that occurs twice follows dstOverlap %s', (dstOverlap, expected) => {
    expect(local('DTSTART:20261101T013000 RRULE:FREQ=DAILY', NEW_YORK, 2, { dstOverlap })).toEqual(expected)
  })

  test('DTSTART itself may lie in the gap', () => {
    expect(local('DTSTART:20260308T023000 RRULE:FREQ=DAILY;COUNT=2', NEW_YORK, 9)).toEqual([
      '2026-03-08 03:00 GMT-4',
      '2026-03-09 02:30 GMT-4',
    ])
  })

  test('a rule of hours follows real time', () => {
    const spring = local('DTSTART:20260308T003000 RRULE:FREQ=HOURLY;COUNT=3', NEW_YORK, 9)
    expect(spring).toEqual(['2026-03-08 00:30 GMT-5', '2026-03-08 01:30 GMT-5', '2026-03-08 03:30 GMT-4'])
    const autumn = local('DTSTART:20261101T003000 RRULE:FREQ=HOURLY;COUNT=4', NEW_YORK, 9)
    expect(autumn).toEqual([
      '2026-11-01 00:30 GMT-4',
      '2026-11-01 01:30 GMT-4',
      '2026-11-01 01:30 GMT-5',
      '2026-11-01 02:30 GMT-5',
    ])
  })

  test('UNTIL in UTC can end a rule between the two passes of a repeated hour', () => {
    const rule = 'DTSTART:20261101T003000 RRULE:FREQ=HOURLY;UNTIL=20261101T060000Z'
    expect(local(rule, NEW_YORK, 9)).toEqual(['2026-11-01 00:30 GMT-4', '2026-11-01 01:30 GMT-4'])
  })
})

describe('RDATE and EXDATE', () => {
  test('RDATE and EXDATE add and remove single times', () => {
    const rule =
      'DTSTART:20260101T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260102T090000\nRDATE:20260105T120000,20260101T090000'
    expect(local(rule, 'UTC', 9)).toEqual([
      '2026-01-01 09:00 GMT+0',
      '2026-01-03 09:00 GMT+0',
      '2026-01-05 12:00 GMT+0',
    ])
  })

  test('an EXDATE in the gap removes the moved fire', () => {
    const rule = 'DTSTART:20260307T023000 RRULE:FREQ=DAILY EXDATE:20260308T023000'
    expect(local(rule, NEW_YORK, 2)).toEqual(['2026-03-07 02:30 GMT-5', '2026-03-09 02:30 GMT-4'])
  })
})

describe('zones', () => {
  const at = (input: object): number | null => createTrigger(input, 'rule').next(0)
  test('the zone of a rule is tz, or the TZID of its text, or UTC', () => {
    expect(at({ rrule: 'DTSTART:20260101T090000 FREQ=DAILY', tz: 'Asia/Tokyo' })).toBe(Date.UTC(2026, 0, 1))
    expect(at({ rrule: 'DTSTART;TZID=Asia/Tokyo:20260101T090000 FREQ=DAILY' })).toBe(Date.UTC(2026, 0, 1))
    expect(at({ rrule: 'DTSTART:20260101T090000 FREQ=DAILY' })).toBe(Date.UTC(2026, 0, 1, 9))
  })
  test('a start in UTC is put on the clock of the zone', () => {
    expect(local('DTSTART:20260301T140000Z FREQ=WEEKLY', NEW_YORK, 2)).toEqual([
      '2026-03-01 09:00 GMT-5',
      '2026-03-08 09:00 GMT-4',
    ])
  })
})

const REFUSED = [
  ...[
    '',
    'FREQ=DAILY',
    'DTSTART:20260101T090000',
    'DTSTART:20260101T090000 RRULE:',
    'DTSTART:20260101T090000 FREQ=FORTNIGHTLY',
    'DTSTART:20260231T090000 FREQ=DAILY',
    'DTSTART:2026-01-01 FREQ=DAILY',
    'DTSTART:20260101T250000 FREQ=DAILY',
    'DTSTART:20260101T090000 DTSTART:20260101T090000 FREQ=DAILY',
    'DTSTART:20260101T090000 FREQ=DAILY FREQ=DAILY',
    'DTSTART:20260101T090000 FREQ=DAILY EXRULE:FREQ=DAILY',
    'DTSTART;FOO=1:20260101T090000 FREQ=DAILY',
    'DTSTART;VALUE=PERIOD:20260101T090000 FREQ=DAILY',
  ],
  ...[
    'INTERVAL=0',
    'INTERVAL=-1',
    'INTERVAL=x',
    'COUNT=0',
    'COUNT=5001',
    'COUNT=3;UNTIL=20270101T000000Z',
    'UNTIL=tomorrow',
    'FOO=1',
    'BYHOUR=24',
    'BYMINUTE=60',
    'BYSECOND=60',
    'BYDAY=XX',
    'BYDAY=1MO',
    'BYMONTH=0',
    'BYMONTH=13',
    'BYMONTHDAY=0',
    'BYMONTHDAY=32',
    'BYYEARDAY=1',
    'BYWEEKNO=1',
    'BYSETPOS=1',
    'BYSETPOS=0;BYHOUR=1',
    'WKST=XX',
    'WKST=MO,TU',
    'BYHOUR=',
    'BYHOUR=1;BYHOUR=2',
    'RSCALE=CHINESE',
    'BYMONTH=2;BYMONTHDAY=30',
  ].map((part) => `DTSTART:20260101T090000 FREQ=DAILY;${part}`),
  ...[
    'FREQ=WEEKLY;BYMONTHDAY=1',
    'FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO',
    'FREQ=HOURLY;BYSETPOS=1;BYMINUTE=0,30',
    'FREQ=SECONDLY;INTERVAL=10;BYSECOND=5',
    'FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3',
    'FREQ=YEARLY;BYYEARDAY=367',
  ].map((rule) => `DTSTART:20260101T090000 ${rule}`),
  ...[5, null, {}, 'x'.repeat(20_000)],
]

test.each(REFUSED.map((rrule) => [rrule]))('a rule refuses %j', (rrule) => {
  let error: unknown
  try {
    createTrigger({ rrule }, 'rule')
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(EverybeatError)
  expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_TRIGGER', field: 'rrule', value: rrule })
  expect((error as Error).message).toMatch(/allowed/)
})

test('a rule refuses a TZID that is not tz, and one that is no zone', () => {
  const rrule = 'DTSTART;TZID=Asia/Tokyo:20260101T090000 FREQ=DAILY'
  expect(() => createTrigger({ rrule, tz: 'UTC' }, 'rule')).toThrow(/only the same zone is allowed/)
  expect(() => createTrigger({ rrule: rrule.replace('Asia/Tokyo', 'Mars/X') }, 'rule')).toThrow(
    expect.objectContaining({ code: 'ERR_EVERYBEAT_ZONE' }),
  )
})
