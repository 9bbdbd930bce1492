import type { DefinitionShape } from '../index.js'
import { readCeleryCrontab, type CeleryTrigger } from './celery-crontab.js'
import { APPROXIMATED, Refusal } from './entry.js'
import { changesClocks } from './cron-days.js'
import { booleanOf, durationText, isRecord, numberOf, show, textOf, type JsonRecord } from './records.js'
import { readDateutilRule } from './dateutil-rule.js'

/** The facts on which a schedule of Celery depends, in addition to its own text. */
export interface CeleryContext {
  /** Zone of the app. */
  tz: string | undefined
  /** When beat last sent the task, ISO 8601: intervals count from there. */
  lastRunAt: string | undefined
}

/**
 * Reads the schedule of a beat entry: seconds, a `timedelta` or `schedule`, a `crontab`, a `solar` or an `rrule`, as
 * the exporter, redbeat and Python's own `repr` write them.
 */
export function readCelerySchedule(value: unknown, context: CeleryContext): CeleryTrigger {
  if (typeof value === 'number') return readInterval(value, false, context)
  if (typeof value === 'string') return readRepr(value.trim(), context)
  if (!isRecord(value)) throw new Refusal(`schedule is ${show(value)}, which is no schedule of Celery`)
  const named = textOf(value, '__type__') ?? textOf(value, 'type')
  return named === undefined ? readWrapped(value, context) : readKind(named, value, context)
}

/** A schedule under the name of its kind, `{ "crontab": { … } }`, or one whose members show its kind. */
function readWrapped(value: JsonRecord, context: CeleryContext): CeleryTrigger {
  for (const kind of ['crontab', 'interval', 'schedule', 'timedelta', 'solar', 'rrule'] as const) {
    const inner = value[kind]
    if (isRecord(inner)) return readKind(kind, inner, context)
    if (typeof inner === 'number' && !('freq' in value))
      return readInterval(inner, booleanOf(value, 'relative', false), context)
  }
  return readKind(guessKind(value), value, context)
}

function readKind(kind: string | undefined, value: JsonRecord, context: CeleryContext): CeleryTrigger {
  switch (kind) {
    case 'crontab':
      return readCeleryCrontab(value, textOf(value, 'timezone') ?? context.tz)
    case 'interval':
    case 'schedule':
    case 'timedelta':
      return readInterval(intervalSeconds(value), booleanOf(value, 'relative', false), context)
    case 'solar':
      return readSolar(value)
    case 'rrule':
      return { trigger: readDateutilRule(value), notes: [] }
    default:
      throw new Refusal(`schedule is of the kind ${show(kind)}; crontab, interval, solar and rrule can be converted`)
  }
}

function guessKind(value: JsonRecord): string | undefined {
  if (['minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year'].some((field) => field in value))
    return 'crontab'
  if ('freq' in value) return 'rrule'
  if ('event' in value) return 'solar'
  return ['every', 'seconds', 'minutes', 'hours', 'days'].some((field) => field in value) ? 'interval' : undefined
}

function intervalSeconds(value: JsonRecord): number {
  const parts = {
    every: 1,
    run_every: 1,
    weeks: 604_800,
    days: 86_400,
    hours: 3_600,
    minutes: 60,
    seconds: 1,
    milliseconds: 0.001,
    microseconds: 1e-6,
  }
  const given = Object.entries(parts).flatMap(([field, seconds]) => {
    const count = numberOf(value, field)
    return count === undefined ? [] : [count * seconds]
  })
  if (given.length === 0) throw new Refusal(`the interval ${show(value)} says no time`)
  return given.reduce((sum, part) => sum + part, 0)
}

/** The text of a schedule in Python, such as `<freq: 30.00 seconds>`, or the five fields of a crontab. */
function readRepr(text: string, context: CeleryContext): CeleryTrigger {
  const frequency = /^<freq: ([\d.]+) (second|minute|hour|day)s?>$/.exec(text)
  if (frequency !== null)
    return readInterval(intervalSeconds({ [`${frequency[2]}s`]: Number(frequency[1]) }), false, context)
  if (/^\d+(\.\d+)?$/.test(text)) return readInterval(Number(text), false, context)
  const timedelta = /^datetime\.timedelta\((.*)\)$/.exec(text)
  if (timedelta !== null) {
    const parts = [...timedelta[1]!.matchAll(/(\w+)=([\d.]+)/g)].map(([, unit, count]) => [unit, Number(count)])
    return readInterval(intervalSeconds(Object.fromEntries(parts) as JsonRecord), false, context)
  }
  const sun = /^<solar: (\w+) at latitude ([-\d.]+), longitude:? ([-\d.]+)>$/.exec(text)
  if (sun !== null) return readSolar({ event: sun[1], lat: Number(sun[2]), lon: Number(sun[3]) })
  const inner = /^<crontab: (.*?) \((m\/h\/(?:dM\/MY\/d|d\/dM\/MY))\)>$/.exec(text)
  const fields = (inner?.[1] ?? text).match(/\[[^\]]*\]|\{[^}]*\}|\S+/g) ?? []
  if (fields.length !== 5) throw new Refusal(`schedule is ${show(text)}, which is no schedule of Celery`)
  const order =
    inner?.[2] === 'm/h/d/dM/MY'
      ? ['minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year']
      : ['minute', 'hour', 'day_of_month', 'month_of_year', 'day_of_week']
  return readCeleryCrontab(Object.fromEntries(order.map((name, index) => [name, fields[index]])), context.tz)
}

function readInterval(seconds: number, isRelative: boolean, { tz, lastRunAt }: CeleryContext): CeleryTrigger {
  if (!(seconds >= 0.1)) throw new Refusal(`the interval is ${seconds} s`, 'every: 100ms, the shortest interval here')
  if (isRelative) return readRelative(seconds, tz)
  const every = durationText(seconds * 1000)
  const drift =
    'Celery counts the interval from the last run, so it drifts; here it counts from a fixed instant and does not'
  if (lastRunAt !== undefined) return { trigger: { every, anchor: lastRunAt }, notes: [drift] }
  return { trigger: { every }, notes: [drift] }
}

/** `relative=True` rounds each instant down to the day, hour or minute that the interval is counted in. */
function readRelative(seconds: number, tz: string | undefined): CeleryTrigger {
  const unit = [86_400, 3_600, 60].find((size) => seconds >= size) ?? 1
  const rounded = Math.floor(seconds / unit) * unit
  const notes =
    rounded === seconds ? [] : [`relative: Celery rounds ${seconds} s down to ${rounded} s, and so it is here`]
  if (unit === 86_400 && rounded === unit)
    return { trigger: { cron: '0 0 * * *', ...(tz !== undefined && { tz }) }, notes }
  if (unit === 86_400 && changesClocks(tz)) {
    notes.push(
      `${APPROXIMATED}relative days begin at midnight in ${tz} there; here at midnight UTC, unless anchor is set`,
    )
  }
  return { trigger: { every: durationText((unit === 1 ? seconds : rounded) * 1000) }, notes }
}

const SOLAR_EVENTS: Readonly<Record<string, string>> = {
  sunrise: 'sunrise',
  sunset: 'sunset',
  solar_noon: 'noon',
  dawn_civil: 'dawn',
  dusk_civil: 'dusk',
}

function readSolar(value: JsonRecord): CeleryTrigger {
  const event = textOf(value, 'event') ?? ''
  const solar = SOLAR_EVENTS[event]
  if (solar === undefined) {
    const near = event.startsWith('dusk') ? 'dusk' : 'dawn'
    throw new Refusal(
      `solar event ${show(event)} is not known here`,
      `${near} (civil), with an offset such as ${near}-30m`,
    )
  }
  const lat = numberOf(value, 'lat') ?? numberOf(value, 'latitude')
  const lon = numberOf(value, 'lon') ?? numberOf(value, 'longitude')
  if (lat === undefined || lon === undefined) throw new Refusal('a solar schedule needs lat and lon')
  const trigger: DefinitionShape = { solar, lat, lon }
  return {
    trigger,
    notes: ['the sun is computed by another library than in Celery: instants can differ by a minute or two'],
  }
}
