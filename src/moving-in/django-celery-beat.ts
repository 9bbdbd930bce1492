import type { DefinitionShape } from '../index.js'
import { readCeleryCall } from './celery-entry.js'
import type { CeleryTrigger } from './celery-crontab.js'
import { readCelerySchedule } from './celery-schedule.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import {
  asRecord,
  booleanOf,
  instantText,
  isRecord,
  numberOf,
  parseJson,
  show,
  textOf,
  type JsonRecord,
} from './records.js'

type Tables = ReadonlyMap<string, JsonRecord>

/** Converts `manage.py dumpdata django_celery_beat`: each PeriodicTask with the schedule that it points to. */
export function convertDjangoCeleryBeat(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const document = parseJson(text, options.file ?? 'the dump')
  if (!Array.isArray(document)) throw new Refusal('the dump is no JSON array, which dumpdata writes')
  const rows = document.filter(isRecord)
  const tables: Tables = new Map(
    rows.map((row) => [`${modelOf(row)}:${String(row.pk as string)}`, isRecord(row.fields) ? row.fields : {}]),
  )
  return rows
    .filter((row) => modelOf(row) === 'periodictask')
    .map((row) => {
      const fields = isRecord(row.fields) ? row.fields : {}
      const name = typeof fields.name === 'string' ? fields.name : `periodic-task-${String(row.pk as string)}`
      const source = `periodictask ${String(row.pk as string)}`
      return draftEntry({ name, source }, () => convertTask(fields, tables, options))
    })
}

function modelOf(row: JsonRecord): string {
  return String(row.model as string)
    .toLowerCase()
    .replace(/^django_celery_beat\./, '')
}

function convertTask(fields: JsonRecord, tables: Tables, options: ConvertOptions): Omit<Draft, 'name' | 'source'> {
  const task = textOf(fields, 'task')
  if (task === undefined) throw new Refusal('the periodic task has no task')
  const { trigger, notes, oldRules } = readPointer(fields, tables, options)
  const headers = parseMember(fields, 'headers', {})
  const call = readCeleryCall({
    args: parseMember(fields, 'args', []),
    kwargs: parseMember(fields, 'kwargs', {}),
    options: {
      queue: fields.queue,
      exchange: fields.exchange,
      routing_key: fields.routing_key,
      priority: fields.priority,
      headers,
      expires: fields.expire_seconds,
    },
  })
  const description = textOf(fields, 'description')
  const definition: DefinitionShape = {
    task,
    ...trigger,
    ...call.definition,
    ...instantMember(fields, 'start_time', 'start'),
    ...instantMember(fields, 'expires', 'end'),
    ...(booleanOf(fields, 'one_off', false) && { limit: 1 }),
    ...(!booleanOf(fields, 'enabled', true) && { enabled: false }),
    ...(description !== undefined && description !== '' && { note: description }),
  }
  const own =
    task === 'celery.backend_cleanup' ? ['a task of Celery itself, which cleans its result store: leave it out'] : []
  return {
    definition,
    notes: [...notes, ...call.notes, ...own],
    ...(oldRules !== undefined && { oldRules }),
    switchOff:
      'clear "enabled" of the periodic task in the Django admin, or PeriodicTask.objects.filter(name=…).update(enabled=False)',
  }
}

function readPointer(fields: JsonRecord, tables: Tables, options: ConvertOptions): CeleryTrigger {
  const kinds = (['interval', 'crontab', 'solar', 'clocked'] as const).filter(
    (kind) => fields[kind] !== null && fields[kind] !== undefined,
  )
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1)
    throw new Refusal(
      `exactly one of interval, crontab, solar and clocked is expected; found ${kinds.join(', ') || 'none'}`,
    )
  const pointer = fields[kind]
  const row = isRecord(pointer) ? pointer : tables.get(`${kind}schedule:${String(pointer as string)}`)
  if (row === undefined)
    throw new Refusal(
      `the dump has no ${kind}schedule ${show(pointer)}; dump the whole app: manage.py dumpdata django_celery_beat`,
    )
  const lastRunAt =
    fields.last_run_at === null || fields.last_run_at === undefined
      ? undefined
      : instantText(fields.last_run_at, 'last_run_at')
  if (kind === 'clocked') return { trigger: { at: instantText(row.clocked_time, 'clocked_time') }, notes: [] }
  if (kind === 'interval') {
    const period = textOf(row, 'period') ?? ''
    if (!['days', 'hours', 'minutes', 'seconds', 'microseconds'].includes(period))
      throw new Refusal(`period is ${show(period)}`)
    return readCelerySchedule({ __type__: 'interval', [period]: numberOf(row, 'every') }, { tz: undefined, lastRunAt })
  }
  const tz = textOf(row, 'timezone') ?? options.tz
  return readCelerySchedule({ ...row, __type__: kind }, { tz, lastRunAt })
}

function instantMember(fields: JsonRecord, field: string, ours: 'start' | 'end'): DefinitionShape {
  const value = fields[field]
  return value === null || value === undefined ? {} : { [ours]: instantText(value, field) }
}

/** A member that Django keeps as JSON text. */
function parseMember(fields: JsonRecord, field: string, fallback: unknown): unknown {
  const value = fields[field]
  if (value === undefined || value === null || value === '') return fallback
  const parsed = typeof value === 'string' ? parseJson(value, field) : value
  if (Array.isArray(fallback) !== Array.isArray(parsed))
    throw new Refusal(`${field} is ${show(value)}, which is no ${Array.isArray(fallback) ? 'list' : 'object'}`)
  return Array.isArray(parsed) ? parsed : asRecord(parsed, field)
}
