import { describe, expect, it } from 'vitest'
import { convertAgenda, readMongoDocuments } from '../../../src/moving-in/agenda.js'
import { parseEnglishInterval, parseTimeOfDay } from '../../../src/moving-in/english-interval.js'
import { convertEventbridge } from '../../../src/moving-in/eventbridge.js'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'
import { convertSidekiqCron } from '../../../src/moving-in/sidekiq-cron.js'

const finish = (drafts: Parameters<typeof finishEntries>[0]) => finishEntries(drafts, { now: 0, renames: true })

describe('an interval in English', () => {
  it.each([
    ['5 minutes', 300_000],
    ['one hour', 3_600_000],
    ['a day', 86_400_000],
    ['1.5 hours', 5_400_000],
    ['3 days and 4 hours', 273_600_000],
    ['every two weeks', 1_209_600_000],
    ['second', 1_000],
  ])('the interval %s is converted to its length', (text, expected) => {
    expect(parseEnglishInterval(text)).toBe(expected)
  })

  it.each(['a month', '2 years', 'soon', '', 'many minutes'])('the interval %j is refused', (text) => {
    expect(() => parseEnglishInterval(text)).toThrow(/nearest|cannot be read/)
  })

  it.each([
    ['3:30pm', 15, 30],
    ['12am', 0, 0],
    ['12:05 pm', 12, 5],
    ['15:30', 15, 30],
    ['noon', 12, 0],
  ])('the time of day %s is read', (text, hour, minute) => {
    expect(parseTimeOfDay(text)).toEqual({ hour, minute })
  })

  it.each(['25:00', '13pm', '9', 'later'])('the time of day %s is not read', (text) => {
    expect(parseTimeOfDay(text)).toBeNull()
  })
})

describe('a job of Agenda in MongoDB', () => {
  it('a job of Agenda in MongoDB is read from what mongoexport writes', () => {
    const line = {
      _id: { $oid: '65' },
      name: 'report',
      data: { a: 1 },
      repeatInterval: '0 9 * * *',
      skipDays: '0,6',
      startDate: { $date: '2027-01-01T00:00:00Z' },
      nextRunAt: { $date: { $numberLong: '1893456000000' } },
    }
    const [entry] = finish(convertAgenda(readMongoDocuments(JSON.stringify(line)), { tz: 'UTC' }))
    expect(entry).toMatchObject({
      source: 'agendaJobs: 65',
      definition: { cron: '0 9 * * *', exclude: 'sun,sat', start: '2027-01-01T00:00:00.000Z', payload: { a: 1 } },
    })
  })

  it('a job of Agenda in MongoDB that ran once and has ended is not imported', () => {
    expect(convertAgenda([{ key: 'k', fields: { name: 'once', nextRunAt: 'null' } }], {})).toEqual([])
  })
})

describe('a job of sidekiq-cron', () => {
  const convert = (cron: string, more: object = {}) =>
    finish(convertSidekiqCron(JSON.stringify({ job: { cron, class: 'ReportJob', ...more } }), {}))[0]!

  it.each([
    ['*/5 * * * *', { cron: '*/5 * * * *' }],
    ['0 9 * * 1-5 Europe/Berlin', { cron: '0 9 * * 1-5', tz: 'Europe/Berlin', dstGap: 'skip' }],
    ['every 5 minutes', { cron: '*/5 * * * *' }],
    ['every 7 minutes', { every: '7m' }],
    ['every day at noon', { cron: '0 12 * * *' }],
    ['every weekday at 18:30', { cron: '30 18 * * 1-5' }],
    ['every monday at 9am', { cron: '0 9 * * 1' }],
    ['@daily', { cron: '0 0 * * *' }],
    ['0 0 L * *', { cron: '0 0 L * *' }],
  ])('a job of sidekiq-cron with cron %s is converted', (cron, expected) => {
    expect(convert(cron).definition).toMatchObject({ task: 'ReportJob', ...expected })
  })

  it('a job of sidekiq-cron keeps its arguments, and its status', () => {
    expect(convert('@daily', { args: [1], status: 'disabled' }).definition).toMatchObject({
      payload: { args: [1] },
      enabled: false,
    })
  })

  it.each(['0 0 * * mon%2', '0 0 -2 * *', 'every full moon', '* * *'])(
    'a job of sidekiq-cron with cron %s is refused',
    (cron) => {
      expect(convert(cron).reason).toBeDefined()
    },
  )

  it('a job of sidekiq-cron in a file with ERB is refused, because ERB is code', () => {
    expect(() => convertSidekiqCron('job: { cron: "<%= x %>" }', {})).toThrow(/ERB, which is Ruby code/)
  })
})

describe('a schedule of EventBridge', () => {
  const convert = (ScheduleExpression: string, more: object = {}) =>
    finish(convertEventbridge(JSON.stringify({ Name: 'job', ScheduleExpression, ...more }), {}))[0]!

  it.each([
    ['cron(0 9 ? * 2-6 *)', { cron: '0 9 * * 1-5' }],
    ['cron(0 9 ? * MON-FRI *)', { cron: '0 9 * * 1-5' }],
    ['cron(0/15 * * * ? *)', { cron: '0,15,30,45 * * * *' }],
    ['cron(0 0 L * ? *)', { cron: '0 0 L * *' }],
    ['cron(0 8 ? * 6L *)', { cron: '0 8 * * 5L' }],
    ['cron(0 8 ? * 2#1 *)', { cron: '0 8 * * 1#1' }],
    ['cron(0 8 1 1 ? 2027-2029)', { cron: '0 8 1 1 *', start: '2027-01-01', end: '2029-12-31' }],
    ['rate(5 minutes)', { every: '5m' }],
    ['rate(1 day)', { every: '1d' }],
    ['at(2036-01-01T09:00:00)', { at: '2036-01-01T09:00:00Z' }],
  ])('a schedule of EventBridge with %s is converted', (expression, expected) => {
    expect(convert(expression).definition).toMatchObject(expected)
  })

  it('a schedule of EventBridge keeps its zone, its window, its bounds, its input and its state', () => {
    const more = {
      ScheduleExpressionTimezone: 'Asia/Tokyo',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
      StartDate: '2027-01-01T00:00:00+00:00',
      State: 'DISABLED',
      Target: { Arn: 'arn:aws:lambda:x', Input: '{"a":1}' },
    }
    expect(convert('cron(0 9 * * ? *)', more).definition).toMatchObject({
      tz: 'Asia/Tokyo',
      jitter: '15m',
      start: '2027-01-01T00:00:00.000Z',
      enabled: false,
      payload: { a: 1 },
    })
  })

  it.each([
    'cron(0 9 1 * MON *)',
    'cron(0 9 * * *)',
    'cron(0 9 ? * SAT-SUN *)',
    'cron(0 0 1 1 ? 2027/2)',
    'rate(5)',
    '0 9 * * *',
  ])('a schedule of EventBridge with %s is refused', (expression) => {
    expect(convert(expression).reason).toBeDefined()
  })
})
