import type { DefinitionShape } from '../index.js'
import { changesClocks, dayMatchOf } from './cron-days.js'
import { DIALECT_FIELDS, readDialectField, type CronDialect } from './cron-dialect.js'
import { emitField } from './cron-emit.js'
import { APPROXIMATED, Refusal } from './entry.js'
import { durationText } from './records.js'

/** How Kubernetes reads the five fields of a CronJob: no weekday 7, `?` is `*`, `5/10` runs to the end of the field. */
const KUBERNETES: CronDialect = {
  system: 'Kubernetes',
  sevenIsSunday: false,
  openStep: 'to-max',
  wraps: false,
  questionMark: true,
}

const MACROS = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

/** The fields that decide when a CronJob fires. */
export interface CronJobSchedule {
  schedule: string
  timeZone: string | undefined
  /** Zone of a CronJob that names none: that of the controller. */
  fallbackZone: string | undefined
  /** Instant from which `@every` counts: the last schedule time, or the creation. */
  countsFrom: string | undefined
}

/** The trigger of a CronJob, with its zone and with the behaviour of Kubernetes at clock changes. */
export function readCronJobSchedule(spec: CronJobSchedule): { trigger: DefinitionShape; notes: string[] } {
  const { zone: embedded, text } = splitZone(spec.schedule)
  if (embedded !== undefined && spec.timeZone !== undefined) {
    throw new Refusal(
      'both timeZone and a TZ= inside the schedule are given, which Kubernetes refuses',
      'timeZone alone',
    )
  }
  if (spec.timeZone?.toLowerCase() === 'local')
    throw new Refusal('timeZone Local is refused by Kubernetes', 'an IANA zone')
  const tz = embedded ?? spec.timeZone ?? spec.fallbackZone
  const notes =
    tz === undefined
      ? [
          'the CronJob names no timeZone and counts in the zone of kube-controller-manager: UTC is assumed; --tz sets it',
        ]
      : []
  if (/^@every\s/i.test(text)) return readEvery(text, spec.countsFrom, notes)
  const zoneFields: DefinitionShape = {
    ...(tz !== undefined && { tz }),
    ...(changesClocks(tz) && { dstGap: 'skip', dstOverlap: 'both' }),
  }
  if (text.startsWith('@')) {
    const cron = MACROS.get(text)
    if (cron === undefined)
      throw new Refusal(`${text} is not a macro that Kubernetes knows`, [...MACROS.keys()].join(', '))
    return { trigger: { cron, ...zoneFields }, notes }
  }
  return { trigger: { ...readFields(text), ...zoneFields }, notes }
}

function splitZone(schedule: string): { zone: string | undefined; text: string } {
  const parts = /^\s*(?:CRON_TZ|TZ)=(\S+)\s+(.*)$/.exec(schedule)
  return parts === null ? { zone: undefined, text: schedule.trim() } : { zone: parts[1]!, text: parts[2]!.trim() }
}

function readFields(text: string): Pick<DefinitionShape, 'cron' | 'dayMatch'> {
  const texts = text.split(/\s+/)
  if (texts.length !== 5) throw new Refusal(`the schedule has ${texts.length} fields; Kubernetes reads five`)
  const { minute, hour, day, month, weekday } = DIALECT_FIELDS
  const read = [minute, hour, day, month, weekday].map((field, index) =>
    readDialectField(KUBERNETES, field, texts[index]!),
  )
  // A bare star, also one in a list, leaves a day field unrestricted there.
  const shown = read.map((field) => (field.hasStar ? '*' : emitField(field)))
  return { cron: shown.join(' '), ...dayMatchOf('or', shown[2]!, shown[4]!) }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  h: 3_600,
  m: 60,
  s: 1,
  ms: 0.001,
  us: 1e-6,
  µs: 1e-6,
  ns: 1e-9,
}

function readEvery(
  text: string,
  countsFrom: string | undefined,
  notes: string[],
): { trigger: DefinitionShape; notes: string[] } {
  const duration = text.replace(/^@every\s+/i, '')
  const parts = [...duration.matchAll(/(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== duration.replace(/^\+/, '')) {
    throw new Refusal(`${text} is not a duration that Kubernetes reads`)
  }
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_SECONDS[unit!]!, 0)
  // The interval is cut to whole seconds there, and is one second at least.
  const every = durationText(Math.max(1, Math.floor(seconds)) * 1000)
  if (countsFrom !== undefined) return { trigger: { every, anchor: countsFrom }, notes: [] }
  return {
    trigger: { every },
    notes: [
      ...notes.filter((note) => !note.includes('timeZone')),
      `${APPROXIMATED}@every counts from the creation of the CronJob, which the manifest does not say; here it counts from the Unix epoch, unless anchor is set`,
    ],
  }
}
