import type { DefinitionShape } from '../index.js'
import { readCronParserText } from './cron-parser-text.js'
import { parseEnglishInterval, parseTimeOfDay } from './english-interval.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { durationText, instantText, isRecord, parseJson, show, type JsonRecord } from './records.js'

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DRIFT =
  'Agenda counts the interval from the last run, so it drifts; here it counts from a fixed instant and does not'

/** Converts jobs of Agenda, one record of texts for each: the fields of its Redis hash, in which nothing is `null`. */
export function convertAgenda(
  records: readonly { key: string; fields: Readonly<Record<string, string>> }[],
  options: ConvertOptions,
): (Draft | RefusedDraft)[] {
  return records.flatMap(({ key, fields }) => {
    const job = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 'null' && value !== ''))
    // A one-shot that ran is history, and nothing to schedule.
    if (job.repeatInterval === undefined && job.repeatAt === undefined && job.nextRunAt === undefined) return []
    const name = job.name ?? key
    return [draftEntry({ name, source: key }, () => convertJob(job, name, options))]
  })
}

function convertJob(
  job: Record<string, string>,
  name: string,
  { tz: fallbackZone }: ConvertOptions,
): Omit<Draft, 'name' | 'source'> {
  const tz = job.repeatTimezone ?? fallbackZone
  const { trigger, notes } = readTrigger(job, tz)
  const payload = job.data === undefined ? null : parseJson(job.data, 'data')
  const lost = ['fork', 'unique', 'debounceStartedAt', 'lockLifetime'].filter(
    (field) => job[field] !== undefined && job[field] !== 'false',
  )
  return {
    definition: {
      task: name,
      ...trigger,
      payload,
      ...(job.startDate !== undefined && { start: instantText(job.startDate, 'startDate') }),
      ...(job.endDate !== undefined && { end: instantText(job.endDate, 'endDate') }),
      ...readSkipDays(job.skipDays, tz),
      ...(job.disabled === 'true' && { enabled: false }),
    },
    notes: [
      ...notes,
      ...(Number(job.priority ?? 0) === 0 ? [] : ['priority has no counterpart']),
      ...lost.map((field) => `${field} has no counterpart`),
    ],
    switchOff: `agenda.disable({ name: ${JSON.stringify(name)} }), or agenda.cancel(…)`,
  }
}

function readTrigger(
  job: Record<string, string>,
  tz: string | undefined,
): { trigger: DefinitionShape; notes: string[] } {
  const noZone =
    tz === undefined
      ? ['the job names no time zone, so Agenda counts in that of its process: UTC is assumed; --tz sets it']
      : []
  if (job.repeatAt !== undefined) {
    const time = parseTimeOfDay(job.repeatAt)
    if (time === null)
      throw new Refusal(`repeatAt ${show(job.repeatAt)} cannot be read`, 'a time of day such as 3:30pm, or a cron')
    return { trigger: readCronParserText(`${time.minute} ${time.hour} * * *`, 'Agenda', tz), notes: noZone }
  }
  const interval = job.repeatInterval
  if (interval === undefined) return { trigger: { at: instantText(job.nextRunAt, 'nextRunAt') }, notes: [] }
  const everyMs = /^\d+$/.test(interval) ? Number(interval) : null
  if (everyMs === null && isCron(interval))
    return { trigger: readCronParserText(interval, 'Agenda', tz), notes: noZone }
  const every = durationText(everyMs ?? parseEnglishInterval(interval))
  const anchor = job.nextRunAt === undefined ? {} : { anchor: instantText(job.nextRunAt, 'nextRunAt') }
  return { trigger: { every, ...anchor }, notes: [DRIFT] }
}

function isCron(text: string): boolean {
  return text.startsWith('@') || (/^[\d*]/.test(text) && text.trim().split(/\s+/).length >= 5)
}

/** Excluded days, 0 is Sunday: `[0,6]` or `0,6`. */
function readSkipDays(text: string | undefined, tz: string | undefined): DefinitionShape {
  if (text === undefined || text === '[]') return {}
  const value: unknown = text.startsWith('[') ? parseJson(text, 'skipDays') : text.split(',').map(Number)
  const days = Array.isArray(value) ? value.map((day) => WEEKDAYS[Number(day)]) : [undefined]
  if (days.includes(undefined)) throw new Refusal(`skipDays ${show(text)} is no list of weekdays 0 to 6`)
  return days.length === 0 ? {} : { exclude: days.join(','), ...(tz !== undefined && { tz }) }
}

/** The documents that `mongoexport` writes, as the same records; dates and ids are taken out of their wrappers. */
export function readMongoDocuments(text: string): { key: string; fields: Record<string, string> }[] {
  const trimmed = text.trim()
  const documents = trimmed.startsWith('[')
    ? (parseJson(trimmed, 'the export') as unknown[])
    : trimmed
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => parseJson(line, 'a line of the export'))
  return documents.map((document, index) => {
    if (!isRecord(document)) throw new Refusal(`document ${index + 1} is no object`)
    const fields = Object.entries(document).map(([field, value]) => [field, fieldText(value)] as const)
    return { key: `agendaJobs: ${fieldText(document._id)}`, fields: Object.fromEntries(fields) }
  })
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return value
  const wrapped = isRecord(value) ? unwrap(value) : undefined
  return wrapped ?? JSON.stringify(value ?? null)
}

function unwrap(value: JsonRecord): string | undefined {
  for (const key of ['$oid', '$numberLong', '$numberInt', '$date'] as const) {
    const inner = value[key]
    if (typeof inner === 'string') return inner
    if (isRecord(inner)) return new Date(Number(unwrap(inner))).toISOString()
  }
  return undefined
}
