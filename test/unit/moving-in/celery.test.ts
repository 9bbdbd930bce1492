import { describe, expect, it } from 'vitest'
import { convertCelery } from '../../../src/moving-in/celery.js'
import { convertDjangoCeleryBeat } from '../../../src/moving-in/django-celery-beat.js'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'

function celery(schedule: unknown, more: object = {}, tz?: string) {
  const text = JSON.stringify({
    ...(tz !== undefined && { timezone: tz }),
    beat_schedule: { job: { task: 'app.report', schedule, ...more } },
  })
  const [entry] = finishEntries(convertCelery(text, {}), { now: Date.UTC(2026, 9, 31, 22), renames: true })
  return entry!
}

describe('a schedule of Celery', () => {
  it.each([
    ['seconds', 30, { every: '30s' }],
    ['half a second', 0.5, { every: '500ms' }],
    ['an interval of redbeat', { __type__: 'interval', every: 90 }, { every: '1m30s' }],
    ['a timedelta by parts', { hours: 1, minutes: 30 }, { every: '1h30m' }],
    ['its own text of an interval', '<freq: 5.00 minutes>', { every: '5m' }],
    ['a crontab', { minute: 0, hour: '9', day_of_week: '1-5' }, { cron: '0 9 * * 1-5', dayMatch: 'and' }],
    ['a crontab under its name', { crontab: { minute: '*/15' } }, { cron: '*/15 * * * *', dayMatch: 'and' }],
    ['lists of numbers', { minute: [0, 30], hour: [9] }, { cron: '0,30 9 * * *' }],
    ['names in full', { minute: 0, hour: 0, day_of_week: 'monday,friday' }, { cron: '0 0 * * mon,fri' }],
    ['a range that wraps', { minute: 0, hour: 0, day_of_week: 'sat-mon' }, { cron: '0 0 * * 0,1,6' }],
    ['its own text of a crontab', '<crontab: 0 9 1 * mon (m/h/dM/MY/d)>', { cron: '0 9 1 * mon' }],
    ['its old text of a crontab', '<crontab: 0 9 mon 1 * (m/h/d/dM/MY)>', { cron: '0 9 1 * mon' }],
    [
      'the sun',
      { __type__: 'solar', event: 'dusk_civil', lat: 52.5, lon: 13.4 },
      { solar: 'dusk', lat: 52.5, lon: 13.4 },
    ],
    ['what Python shows of a timedelta', 'datetime.timedelta(days=1, seconds=30)', { every: '1d30s' }],
    [
      'what Celery shows of the sun',
      '<solar: sunset at latitude 52.5, longitude: 13.4>',
      { solar: 'sunset', lat: 52.5 },
    ],
    ['a relative interval of a day', { __type__: 'interval', every: 86_400, relative: true }, { cron: '0 0 * * *' }],
    ['a relative interval', { __type__: 'interval', every: 5_400, relative: true }, { every: '1h' }],
  ])('a schedule of Celery that is %s is converted', (_, schedule, expected) => {
    expect(celery(schedule).definition).toMatchObject(expected)
  })

  it.each([
    ['minute 61', { minute: '61' }, /outside 0-59/],
    ['weekday 7', { day_of_week: '7' }, /outside 0-6/],
    ['an event that is not known here', { event: 'dawn_nautical', lat: 1, lon: 1 }, /nearest: dawn/],
    ['an interval that is too short', 0.01, /nearest: every: 100ms/],
    ['something else', '<custom>', /no schedule of Celery/],
  ])('a schedule of Celery that is %s is refused', (_, schedule, reason) => {
    expect(celery(schedule).reason).toMatch(reason)
  })

  it('a schedule of Celery counts in the zone of the app, and shifts times that the clocks skip', () => {
    expect(celery({ minute: 30, hour: 2 }, {}, 'America/New_York').definition).toMatchObject({
      tz: 'America/New_York',
      dstGap: 'shift',
    })
  })

  it('the note of a schedule of Celery gives the next instants of both rules where the clocks go back', () => {
    const entry = celery({ minute: '*/30', hour: '0-2' }, {}, 'America/New_York')
    const later = finishEntries(
      convertCelery(
        JSON.stringify({
          timezone: 'America/New_York',
          beat_schedule: { job: { task: 't', schedule: { minute: '*/30' } } },
        }),
        {},
      ),
      { now: Date.UTC(2026, 10, 1, 5, 30), renames: true },
    )[0]!
    expect(entry.definition?.note).toContain('approximated: ')
    expect(later.next).toEqual({
      old: ['2026-11-01T07:00:00.000Z', '2026-11-01T07:30:00.000Z', '2026-11-01T08:00:00.000Z'],
      ours: ['2026-11-01T06:00:00.000Z', '2026-11-01T06:30:00.000Z', '2026-11-01T07:00:00.000Z'],
    })
  })

  it('a schedule of Celery keeps arguments as the payload, and skips occurrences older than its expiry', () => {
    const entry = celery(60, { args: [1], kwargs: { a: 2 }, options: { queue: 'slow', expires: 45, priority: 3 } })
    expect(entry.definition).toMatchObject({
      task: 'app.report',
      payload: { args: [1], kwargs: { a: 2 } },
      misfire: 'skip',
      misfireGrace: '45s',
      overlap: 'allow',
    })
    expect(entry.notes).toEqual(
      expect.arrayContaining([expect.stringContaining('queue slow'), 'priority has no counterpart']),
    )
  })
})

describe('a dump of django-celery-beat', () => {
  const row = (model: string, pk: number, fields: object) => ({ model: `django_celery_beat.${model}`, pk, fields })
  const task = (fields: object) =>
    row('periodictask', 7, {
      name: 'nightly',
      task: 'app.nightly',
      args: '[1]',
      kwargs: '{"a": 2}',
      enabled: true,
      ...fields,
    })
  const convert = (...rows: object[]) =>
    finishEntries(convertDjangoCeleryBeat(JSON.stringify(rows), {}), { now: 0, renames: true })[0]!

  it('a dump of django-celery-beat joins a task with its crontab and the zone of that crontab', () => {
    const crontab = row('crontabschedule', 3, {
      minute: '0',
      hour: '2',
      day_of_week: '*',
      day_of_month: '*',
      month_of_year: '*',
      timezone: 'Asia/Tokyo',
    })
    expect(convert(crontab, task({ crontab: 3, one_off: true, description: 'why' }))).toMatchObject({
      name: 'nightly',
      definition: {
        task: 'app.nightly',
        cron: '0 2 * * *',
        tz: 'Asia/Tokyo',
        payload: { args: [1], kwargs: { a: 2 } },
        limit: 1,
        note: 'why',
      },
    })
  })

  it('a dump of django-celery-beat reads intervals, one-shots and bounds', () => {
    expect(
      convert(
        row('intervalschedule', 1, { every: 10, period: 'minutes' }),
        task({ interval: 1, expires: '2027-01-01T00:00:00Z' }),
      ).definition,
    ).toMatchObject({ every: '10m', end: '2027-01-01T00:00:00.000Z' })
    expect(
      convert(row('clockedschedule', 1, { clocked_time: '2027-01-01T00:00:00Z' }), task({ clocked: 1, enabled: false }))
        .definition,
    ).toMatchObject({ at: '2027-01-01T00:00:00.000Z', enabled: false })
  })

  it('a dump of django-celery-beat refuses a task whose schedule is not in the dump', () => {
    expect(convert(task({ crontab: 3 })).reason).toMatch(/dump the whole app/)
  })

  it('a dump of django-celery-beat refuses a task with two schedules', () => {
    expect(convert(task({ crontab: 3, interval: 1 })).reason).toMatch(/exactly one/)
  })
})
