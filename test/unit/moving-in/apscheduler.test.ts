import { describe, expect, it } from 'vitest'
import { convertApscheduler } from '../../../src/moving-in/apscheduler.js'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'

function convert(trigger: unknown, more: object = {}) {
  const job = {
    id: 'job',
    func: 'app:report',
    args: [],
    kwargs: {},
    next_run_time: '2026-01-01T09:00:00+01:00',
    trigger,
    ...more,
  }
  const text = JSON.stringify({ timezone: 'UTC', jobs: [job] })
  return finishEntries(convertApscheduler(text, {}), { now: 0, renames: true })[0]!
}

describe('a trigger of APScheduler', () => {
  it.each([
    ['least values below the last field', { day_of_week: 'mon-fri', hour: '9' }, '0 9 * * 1-5'],
    ['a star above the first field', { minute: '*/10' }, '*/10 * * * *'],
    ['weekdays from Monday', { day_of_week: '0,6', hour: 0 }, '0 0 * * 0,1'],
    ['seconds', { second: '*/5' }, '*/5 * * * * *'],
    ['a month alone', { month: '6' }, '0 0 1 6 *'],
    ['a weekday of the month', { day: '2nd fri', hour: 8 }, '0 8 * * 5#2'],
    ['the last weekday of the month', { day: 'last sun' }, '0 0 * * 0L'],
    ['the last day', { day: 'last' }, '0 0 L * *'],
  ])('a trigger of APScheduler with %s becomes a cron', (_, fields, cron) => {
    expect(convert({ type: 'cron', fields }).definition?.cron).toBe(cron)
  })

  it('a cron of APScheduler with both day fields requires both to match', () => {
    expect(convert({ type: 'cron', fields: { day: '1-7', day_of_week: 'mon' } }).definition).toMatchObject({
      cron: '0 0 1-7 * 1',
      dayMatch: 'and',
    })
  })

  it('a trigger of APScheduler is also read from its text form', () => {
    expect(convert("cron[day_of_week='mon', hour='9']").definition?.cron).toBe('0 9 * * 1')
    expect(convert('interval[1 day, 2:00:00]').definition?.every).toBe('1d2h')
    expect(convert('date[2027-01-01 09:00:00 UTC]').definition?.at).toBe('2027-01-01T09:00:00.000Z')
  })

  it('a trigger of APScheduler that is an interval counts from its start date', () => {
    const trigger = { type: 'interval', seconds: 300, start_date: '2026-01-01T09:00:00+01:00' }
    expect(convert(trigger).definition).toMatchObject({ every: '5m', anchor: '2026-01-01T08:00:00.000Z' })
  })

  it.each([
    ['a week', { type: 'cron', fields: { week: '5' } }, /nearest: an rrule/],
    ['a combination', { type: 'AndTrigger' }, /nearest: one schedule/],
    ['a step of years', { type: 'cron', fields: { year: '*/2' } }, /cannot be said by start and end/],
  ])('a trigger of APScheduler that has %s is refused', (_, trigger, reason) => {
    expect(convert(trigger).reason).toMatch(reason)
  })
})

describe('a job of APScheduler', () => {
  const trigger = { type: 'interval', seconds: 60 }

  it.each([
    ['a grace of 1 s, which is the default', {}, { misfire: 'skip', misfireGrace: '1s' }],
    ['no bound', { misfire_grace_time: null }, { misfire: 'latest', catchUpWindow: '3650d' }],
    ['no coalescing', { misfire_grace_time: 30, coalesce: false }, { misfire: 'all', catchUpWindow: '30s' }],
  ])('a job of APScheduler with %s keeps its misfire behaviour', (_, more, expected) => {
    expect(convert(trigger, more).definition).toMatchObject(expected)
  })

  it('max_instances of a job of APScheduler becomes a limit in the whole fleet', () => {
    expect(convert(trigger).definition).toMatchObject({ overlap: 'skip' })
    expect(convert(trigger, { max_instances: 3 }).definition).toMatchObject({ overlap: 'allow', maxConcurrent: 3 })
  })

  it('a paused job of APScheduler is imported as disabled', () => {
    expect(convert(trigger, { next_run_time: null }).definition?.enabled).toBe(false)
  })

  it('a job of APScheduler in a pickle is refused, because reading a pickle can run code', () => {
    expect(() => convertApscheduler('\x80\x05\x95', {})).toThrow(/can run code/)
  })
})
