import { readCeleryCall } from './celery-entry.js'
import { readCelerySchedule } from './celery-schedule.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import {
  asRecord,
  booleanOf,
  isRecord,
  numberOf,
  parseJson,
  textOf,
  unknownMembers,
  type JsonRecord,
} from './records.js'

/** The keys of one redbeat entry. */
export interface RedbeatRecord {
  /** The whole key: prefix and name. */
  key: string
  prefix: string
  /** Text of the field `definition`; null when the schedule names a key that does not exist. */
  definition: string | null
  /** Text of the field `meta`. */
  meta: string | null
  /** Whether the sorted set of due entries names the key. */
  isScheduled: boolean
  /** Whether the entry comes from the app's `beat_schedule`. */
  isStatic: boolean
}

const KNOWN = ['name', 'task', 'args', 'kwargs', 'options', 'schedule', 'enabled']

/** Converts the entries of redbeat. */
export function convertRedbeat(records: readonly RedbeatRecord[], options: ConvertOptions): (Draft | RefusedDraft)[] {
  return records.map((record) => {
    const name = record.key.slice(record.prefix.length)
    return draftEntry({ name, source: record.key }, () => convertRecord(record, options))
  })
}

function convertRecord(
  record: RedbeatRecord,
  options: ConvertOptions,
): Omit<Draft, 'name' | 'source'> & { name?: string } {
  if (record.definition === null) throw new Refusal(`${record.prefix}:schedule names the key, but it does not exist`)
  const entry = asRecord(parseJson(record.definition, 'definition'), 'definition')
  const task = textOf(entry, 'task')
  if (task === undefined) throw new Refusal('the definition has no task')
  const name = textOf(entry, 'name')
  const { trigger, notes, oldRules } = readCelerySchedule(entry.schedule, {
    tz: options.tz,
    lastRunAt: lastRunOf(record.meta),
  })
  const call = readCeleryCall({
    args: entry.args,
    kwargs: entry.kwargs,
    options: isRecord(entry.options) ? entry.options : {},
  })
  const isActive = booleanOf(entry, 'enabled', true) && record.isScheduled
  if ('cron' in trigger && options.tz === undefined)
    notes.push('redbeat does not store the zone of the Celery app: UTC is assumed; --tz sets it')
  if (!record.isScheduled)
    notes.push(`imported switched off: ${record.prefix}:schedule does not name the key, so redbeat does not run it`)
  if (record.isStatic) notes.push('the app declares the entry in beat_schedule: remove it there too')
  return {
    ...(name !== undefined && { name }),
    definition: { task, ...trigger, ...call.definition, ...(!isActive && { enabled: false }) },
    notes: [...notes, ...call.notes, ...unknownMembers(entry, KNOWN).map((field) => `unknown field ${field}`)],
    ...(oldRules !== undefined && { oldRules }),
    switchOff: `RedBeatSchedulerEntry.from_key(${JSON.stringify(record.key)}, app=app).delete()`,
  }
}

/** `last_run_at` of the meta, which redbeat stores as an object of numbers; undefined when the entry never ran. */
export function lastRunOf(meta: string | null): string | undefined {
  if (meta === null) return undefined
  const value = asRecord(parseJson(meta, 'meta'), 'meta').last_run_at
  if (value === undefined || value === null) return undefined
  const last = asRecord(value, 'last_run_at')
  const part = (field: string, fallback: number): number => numberOf(last, field) ?? fallback
  const atMs =
    Date.UTC(
      part('year', 1970),
      part('month', 1) - 1,
      part('day', 1),
      part('hour', 0),
      part('minute', 0),
      part('second', 0),
    ) +
    Math.floor(part('microsecond', 0) / 1000) -
    offsetMs(last)
  return new Date(atMs).toISOString()
}

// redbeat writes the offset from UTC in seconds.
function offsetMs(last: JsonRecord): number {
  return typeof last.timezone === 'number' ? last.timezone * 1000 : 0
}
