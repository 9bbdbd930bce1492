import { describe, expect, it } from 'vitest'
import { decideExpected, EDIT_GRACE_MS, occurrencesBetween } from '../../../../src/cli/demo/expected.js'
import { EDITED, planSchedules, planTimeline } from '../../../../src/cli/demo/plan.js'
import { createTrigger } from '../../../../src/time/create-trigger.js'

const FROM = Date.parse('2026-03-08T07:00:00.300Z')
const TO = FROM + 20_000
const EDIT = FROM + 8000
const window = { fromMs: FROM, toMs: TO, beforeEditMs: EDIT, afterEditMs: EDIT + 2 }

function timingOf({
  task: _t,
  onCrash: _c,
  overlap: _o,
  misfire: _m,
  payload: _p,
  jitter: _j,
  ...timing
}: object & Record<string, unknown>) {
  return timing
}

describe('planSchedules', () => {
  it.each(planSchedules(FROM))(
    'planSchedules gives for $name the instants of its definition',
    ({ name, definition, rule }) => {
      const trigger = createTrigger(timingOf(definition as Record<string, unknown>), name)
      const expected = trigger.between(FROM, TO, 1000)
      expect(expected.length).toBeGreaterThan(0)
      expect(occurrencesBetween(rule, FROM, TO)).toEqual(expected)
    },
  )

  it('planSchedules gives for the edited schedule the instants of its new definition after the edit', () => {
    const { definition } = planSchedules(FROM).find(({ name }) => name === EDITED.name)!
    const edited = timingOf({ ...definition, [EDITED.field]: EDITED.after })
    const expected = createTrigger(edited, EDITED.name).between(FROM, TO, 1000)
    expect(occurrencesBetween({ everyMs: EDITED.afterMs }, FROM, TO)).toEqual(expected)
  })
})

describe('planTimeline', () => {
  it('planTimeline kills after 5 s, edits after 8 s and adds workers after 10 s of 20 s, and keeps these shares for other lengths', () => {
    expect(planTimeline(20)).toEqual({ killMs: 5000, editMs: 8000, joinMs: 10_000, endMs: 20_000 })
    expect(planTimeline(12)).toEqual({ killMs: 3000, editMs: 4800, joinMs: 6000, endMs: 12_000 })
  })
})

describe('occurrencesBetween', () => {
  it('occurrencesBetween excludes the start of its range and includes the end', () => {
    expect(occurrencesBetween({ everyMs: 500 }, 1000, 2000)).toEqual([1500, 2000])
    expect(occurrencesBetween({ everyMs: 500 }, 1100, 1400)).toEqual([])
    expect(occurrencesBetween({ atMs: 1000 }, 1000, 2000)).toEqual([])
    expect(occurrencesBetween({ atMs: 1000 }, 999, 1000)).toEqual([1000])
  })
})

describe('decideOwed', () => {
  const schedules = planSchedules(FROM)
  const owedBy = (wanted: string) =>
    decideExpected(
      schedules.find(({ name }) => name === wanted)!,
      window,
    )

  it('decideOwed lists every instant of the window', () => {
    expect(owedBy('every-1s')).toEqual({
      name: 'every-1s',
      due: Array.from({ length: 20 }, (_, index) => Math.ceil(FROM / 1000) * 1000 + index * 1000),
      optional: [],
    })
  })

  it('decideOwed follows the old rule until the edit, and the new rule from the instant at which every worker must know it', () => {
    const { due, optional } = owedBy(EDITED.name)
    const before = due.filter((atMs) => atMs <= EDIT)
    const after = due.filter((atMs) => atMs > EDIT)
    expect(before).toHaveLength(8)
    expect(before.every((atMs) => atMs % 1000 === 0)).toBe(true)
    expect(after[0]).toBeGreaterThan(EDIT + EDIT_GRACE_MS)
    expect(after.filter((atMs) => atMs % 1000 === 500).length).toBeGreaterThan(5)
    expect(optional).toHaveLength(2)
    expect(optional.every((atMs) => atMs > EDIT && atMs <= EDIT + 2 + EDIT_GRACE_MS)).toBe(true)
  })
})
