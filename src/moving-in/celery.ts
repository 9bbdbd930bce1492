import { readCeleryCall } from './celery-entry.js'
import { readCelerySchedule } from './celery-schedule.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import {
  asRecord,
  booleanOf,
  instantText,
  isRecord,
  parseJson,
  textOf,
  unknownMembers,
  type JsonRecord,
} from './records.js'

const KNOWN = [
  'name',
  'task',
  'schedule',
  'args',
  'kwargs',
  'options',
  'enabled',
  'relative',
  'last_run_at',
  'total_run_count',
]

/**
 * Converts a `beat_schedule` as JSON: the mapping itself, or an object with `timezone` and `beat_schedule`. Zones of
 * crontabs are that of the app, else `tz`, else UTC, which is Celery's own default.
 */
export function convertCelery(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const document = asRecord(parseJson(text, options.file ?? 'beat_schedule'), 'the beat_schedule')
  const wrapper = ['beat_schedule', 'CELERY_BEAT_SCHEDULE', 'CELERYBEAT_SCHEDULE'].find((field) =>
    isRecord(document[field]),
  )
  const entries = wrapper === undefined ? document : asRecord(document[wrapper], wrapper)
  const tz = wrapper === undefined ? undefined : (textOf(document, 'timezone') ?? textOf(document, 'CELERY_TIMEZONE'))
  return Object.entries(entries).map(([name, entry]) =>
    draftEntry({ name, source: `${options.file ?? 'beat_schedule'}: ${name}` }, () =>
      convertCeleryEntry(entry, options.tz ?? tz),
    ),
  )
}

function convertCeleryEntry(value: unknown, tz: string | undefined): Omit<Draft, 'name' | 'source'> {
  const entry = asRecord(value, 'the entry')
  const task = textOf(entry, 'task')
  if (task === undefined) throw new Refusal('the entry has no task')
  const { trigger, notes, oldRules } = readCelerySchedule(withRelative(entry), {
    tz,
    lastRunAt: isAbsent(entry.last_run_at) ? undefined : instantText(entry.last_run_at, 'last_run_at'),
  })
  const call = readCeleryCall({
    args: entry.args,
    kwargs: entry.kwargs,
    options: isRecord(entry.options) ? entry.options : {},
  })
  const rest = { ...call.definition, ...(!booleanOf(entry, 'enabled', true) && { enabled: false }) }
  return {
    definition: { task, ...trigger, ...rest },
    notes: [...notes, ...call.notes, ...unknownMembers(entry, KNOWN).map((field) => `unknown field ${field}`)],
    ...(oldRules !== undefined && { oldRules }),
    switchOff:
      'remove the entry from beat_schedule and restart celery beat; it also keeps a copy in the file of PersistentScheduler',
  }
}

// An entry may say `relative` beside a schedule that is a plain number of seconds.
function withRelative(entry: JsonRecord): unknown {
  if (!booleanOf(entry, 'relative', false)) return entry.schedule
  if (isRecord(entry.schedule)) return { ...entry.schedule, relative: true }
  return typeof entry.schedule === 'number'
    ? { __type__: 'interval', every: entry.schedule, relative: true }
    : entry.schedule
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}
