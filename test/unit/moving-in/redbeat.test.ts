import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseDuration, preview } from '../../../src/index.js'
import { finishEntries } from '../../../src/moving-in/finish-entries.js'
import { convertRedbeat, lastRunOf, type RedbeatRecord } from '../../../src/moving-in/redbeat.js'

interface Vector {
  key: string
  hash: { definition: string; meta?: string }
  zscore: number
  expected: string | Record<string, unknown>
}

const file = new URL('../../support/vectors/redbeat-import.json', import.meta.url)
const vectors = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Partial<Vector>[] }).cases.filter(
  (vector): vector is Vector => vector.key !== undefined,
)

function convert(hash: Vector['hash'], more: Partial<RedbeatRecord> = {}) {
  const record: RedbeatRecord = {
    key: 'redbeat:x',
    prefix: 'redbeat:',
    definition: hash.definition,
    meta: hash.meta ?? null,
    isScheduled: true,
    isStatic: false,
    ...more,
  }
  const [entry] = finishEntries(convertRedbeat([record], {}), { now: 0, renames: true })
  return entry!
}

describe.each(vectors)('the bytes of redbeat under $key, $hash.definition', ({ key, hash, expected }) => {
  const entry = convert(hash, { key })
  const wanted = typeof expected === 'string' ? {} : expected

  it('the stored bytes of redbeat give the expected entry, or only its refusal', () => {
    if (typeof expected === 'string') return expect(entry.reason).toMatch(/minute "61"/)
    expect(entry.reason).toBeUndefined()
    if ('name' in wanted) expect(entry.name).toBe(wanted.name)
    if ('task' in wanted) expect(entry.definition?.task).toBe(wanted.task)
    if ('args' in wanted) expect(entry.definition?.payload).toEqual({ args: wanted.args, kwargs: wanted.kwargs })
    if ('enabled' in wanted) expect(entry.definition?.enabled ?? true).toBe(wanted.enabled)
    if ('warning' in wanted) expect(entry.notes).toContain(wanted.warning)
  })

  it('the stored bytes of redbeat give the expected last run', () => {
    if (typeof wanted.last_run_at !== 'string') return
    expect(lastRunOf(hash.meta ?? null)).toBe(wanted.last_run_at.replace(/(\.\d{3})\d*Z/, '$1Z'))
  })

  it('the stored bytes of redbeat give the expected schedule', () => {
    const schedule = wanted.schedule as Record<string, unknown> | undefined
    const { definition } = entry
    if (schedule?.kind === 'interval') {
      expect(parseDuration(definition?.every, 'every')).toBe(Number(schedule.every_s) * 1000)
    } else if (schedule?.kind === 'cron') {
      expect(definition).toMatchObject({ cron: schedule.expr, dayMatch: schedule.day_match })
    } else if (schedule?.kind === 'rrule') {
      const until = String(schedule.rrule).match(/UNTIL=epoch:(\d+)/)?.[1]
      const rule = String(schedule.rrule).replace(/;UNTIL=epoch:\d+/, '')
      expect(definition?.rrule).toContain(`RRULE:${rule}`)
      const from = Number(schedule.dtstart_epoch) * 1000 - 1
      expect(preview(definition!, { from, count: 1 })[0]?.at.getTime()).toBeGreaterThan(from)
      if (until !== undefined) expect(definition?.end).toBe(new Date(Number(until) * 1000).toISOString())
    }
  })
})

describe('an entry of redbeat', () => {
  const definition = JSON.stringify({ name: 'x', task: 't', schedule: { __type__: 'interval', every: 30 } })
  const meta = JSON.stringify({
    last_run_at: { year: 2026, month: 11, day: 20, hour: 8, minute: 30, second: 5, microsecond: 123456, timezone: 0 },
  })

  it('an entry of redbeat counts its interval from its last run', () => {
    expect(convert({ definition, meta }).definition).toMatchObject({ every: '30s', anchor: '2026-11-20T08:30:05.123Z' })
  })

  it('an entry of redbeat that no schedule names is imported as disabled', () => {
    expect(convert({ definition }, { isScheduled: false }).definition?.enabled).toBe(false)
  })

  it('an entry of redbeat that the schedule names but that does not exist is refused', () => {
    expect(convert({ definition }, { definition: null }).reason).toMatch(/does not exist/)
  })

  it('an entry of redbeat that the app declares has a note that says to remove it from the app too', () => {
    expect(convert({ definition }, { isStatic: true }).notes.join()).toContain('beat_schedule')
  })
})
