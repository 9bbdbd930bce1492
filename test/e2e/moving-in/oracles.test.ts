import { describe, expect, it } from 'vitest'
import { preview, type DefinitionShape } from '../../../src/index.js'
import { convertCelery } from '../../../src/moving-in/celery.js'
import { convertCrontab } from '../../../src/moving-in/crontab.js'
import { isRefused, type Draft, type RefusedDraft } from '../../../src/moving-in/entry.js'
import { convertKubernetes } from '../../../src/moving-in/kubernetes.js'
import { createRandom, MONTH_NAMES, randomField, randomFrom, WEEKDAY_NAMES, ZONES } from './random-cron.js'
import type { FieldNotation, RandomField } from './random-cron.js'
import { endOfGap, offsetAt, passes, walkCron, type ClockRule, type OracleCron } from './wall-oracle.js'

const DEFINITIONS = 1_000
const INSTANTS = 20
const SEED = Number(process.env.EVERYBEAT_SEED ?? Math.floor(Math.random() * 2 ** 31))

type Five = [minute: RandomField, hour: RandomField, day: RandomField, month: RandomField, weekday: RandomField]

function randomFive(extra: Partial<FieldNotation>, random: (below: number) => number): Five {
  const { sevenIsSunday = false, ...common } = extra
  const field = (notation: FieldNotation): RandomField => randomField({ ...common, ...notation }, random)
  return [
    field({ min: 0, max: 59 }),
    field({ min: 0, max: 23 }),
    field({ min: 1, max: 31 }),
    field({ min: 1, max: 12, names: MONTH_NAMES }),
    field({ min: 0, max: 6, names: WEEKDAY_NAMES, sevenIsSunday }),
  ]
}

function toOracle([minute, hour, day, month, weekday]: Five, namesDay: OracleCron['namesDay']): OracleCron {
  const values = { minutes: minute.values, hours: hour.values, days: day.values, months: month.values }
  return { ...values, weekdays: weekday.values, namesDay }
}

function upcoming(definition: DefinitionShape, from: number): number[] {
  return preview(definition, { from, count: INSTANTS }).map(({ at }) => at.getTime())
}

/** The one draft of a source, which must not be refused. */
function only(drafts: readonly (Draft | RefusedDraft)[]): Draft {
  expect(drafts).toHaveLength(1)
  const [draft] = drafts
  if (draft === undefined || isRefused(draft)) throw new Error(JSON.stringify(draft))
  return draft
}

/** Runs one comparison per definition, and names the seed and the source of the first that differs. */
function compareMany(compare: (random: (below: number) => number, zone: string, from: number) => Comparison): void {
  const random = createRandom(SEED)
  for (let index = 0; index < DEFINITIONS; index++) {
    const zone = ZONES[random(ZONES.length)]!
    const from = randomFrom(random)
    const { source, oracle, ours } = compare(random, zone, from)
    // A date that never comes is refused by the engine, and the oracle finds nothing in thirty years.
    if (oracle.length === 0) continue
    const show = (instants: readonly number[]): string[] => instants.map((at) => new Date(at).toISOString())
    const place = `seed ${SEED}, definition ${index}, ${source}, ${zone}, from ${new Date(from).toISOString()}`
    // The oracle looks no further than thirty years.
    expect(show(ours().slice(0, oracle.length)), place).toEqual(show(oracle))
  }
}

interface Comparison {
  source: string
  oracle: number[]
  ours(): number[]
}

describe('1 000 random definitions of each system', () => {
  it('1 000 random definitions of crontab fire by the rules of Vixie cron', () => {
    compareMany((random, zone, from) => {
      const fields = randomFive({ sevenIsSunday: true }, random)
      const texts = fields.map(({ text }) => text)
      const bothDays = texts[2]!.startsWith('*') || texts[4]!.startsWith('*')
      const isWild = texts[0]!.startsWith('*') || texts[1]!.startsWith('*')
      const rule: ClockRule = (name, wall) => {
        const instants = passes(name, wall)
        if (isWild) return instants
        return instants.length === 0 ? [endOfGap(name, wall)] : instants.slice(0, 1)
      }
      const cron = toOracle(fields, (day, weekday) => (bothDays ? day && weekday : day || weekday))
      return {
        source: texts.join(' '),
        oracle: walkCron(cron, zone, from, rule, INSTANTS),
        ours: () => upcoming(only(convertCrontab(`${texts.join(' ')} run`, { tz: zone })).definition, from),
      }
    })
  })

  it('1 000 random definitions of Kubernetes fire whenever the clocks show a time that the schedule names', () => {
    compareMany((random, zone, from) => {
      const fields = randomFive({ openSteps: true, questionMark: true }, random)
      const texts = fields.map(({ text }) => text)
      const hasStar = [texts[2]!, texts[4]!].some((text) => text.split(',').some((item) => /^([*?])(\/1)?$/.test(item)))
      const cron = toOracle(fields, (day, weekday) => (hasStar ? day && weekday : day || weekday))
      const spec = { schedule: texts.join(' '), timeZone: zone, jobTemplate: {} }
      const manifest = JSON.stringify({ kind: 'CronJob', metadata: { name: 'job' }, spec })
      return {
        source: texts.join(' '),
        oracle: walkCron(cron, zone, from, passes, INSTANTS),
        ours: () => upcoming(only(convertKubernetes(manifest, {})).definition, from),
      }
    })
  })

  it('1 000 random definitions of Celery fire when all fields match, and notes give the old rules where the conversion is approximate', () => {
    compareMany((random, zone, from) => {
      const fields = randomFive({ wraps: true }, random)
      const [minute, hour, day_of_month, month_of_year, day_of_week] = fields.map(({ text }) => text)
      const schedule = { __type__: 'crontab', minute, hour, day_of_month, month_of_year, day_of_week }
      // Wall time plus the offset of the day before: how Python adds to a date-time and then asks for UTC.
      const rule: ClockRule = (name, wall) => passes(name, wall).slice(0, 1).concat(shifted(name, wall))
      const cron = toOracle(fields, (day, weekday) => day && weekday)
      return {
        source: JSON.stringify(schedule),
        oracle: walkCron(cron, zone, from, rule, INSTANTS),
        ours: () => {
          const text = JSON.stringify({ timezone: zone, beat_schedule: { job: { task: 't', schedule } } })
          const { definition, oldRules, notes } = only(convertCelery(text, {}))
          if (oldRules === undefined) return upcoming(definition, from)
          expect(notes.join()).toContain('approximated: ')
          return upcoming(oldRules, from)
        },
      }
    })
  })
})

/** A wall time in a gap, read with the offset before the gap; none for a wall time that exists. */
function shifted(zone: string, wall: number): number[] {
  if (passes(zone, wall).length > 0) return []
  return [wall - offsetAt(zone, endOfGap(zone, wall) - 1)]
}
