import type { DefinitionShape } from '../index.js'
import { readApschedulerCron } from './apscheduler-cron.js'
import { changesClocks } from './cron-days.js'
import { APPROXIMATED, draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import {
  asRecord,
  booleanOf,
  durationText,
  instantText,
  isRecord,
  numberOf,
  parseJson,
  show,
  textOf,
  type JsonRecord,
} from './records.js'

/** The catch-up window of a job without a misfire grace. */
const NO_GRACE = '3650d'
const DEFAULT_GRACE_SECONDS = 1

/** Converts the JSON that the exporter in docs/examples writes: a list of jobs, or `{ timezone, jobs }`. */
export function convertApscheduler(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  if (/^\x80[\x02-\x05]/.test(text)) {
    throw new Refusal(
      'this is a pickle, which can run code when it is read',
      'the JSON of docs/examples/export_apscheduler.py',
    )
  }
  const document = parseJson(text, options.file ?? 'the export')
  const jobs = Array.isArray(document)
    ? document
    : isRecord(document) && Array.isArray(document.jobs)
      ? document.jobs
      : null
  if (jobs === null) throw new Refusal('the export is no list of jobs; docs/examples/export_apscheduler.py writes one')
  const tz = isRecord(document) ? (textOf(document, 'timezone') ?? options.tz) : options.tz
  return jobs.map((value: unknown, index) => {
    const id = isRecord(value) && typeof value.id === 'string' ? value.id : `job-${index + 1}`
    return draftEntry({ name: id, source: `${options.file ?? 'apscheduler'}: ${id}` }, () =>
      convertJob(asRecord(value, 'the job'), id, tz),
    )
  })
}

function convertJob(job: JsonRecord, id: string, fallbackZone: string | undefined): Omit<Draft, 'name' | 'source'> {
  const trigger = readTrigger(job.trigger)
  const { definition, notes } = convertTrigger(trigger, job, fallbackZone)
  const task = textOf(job, 'func') ?? textOf(job, 'func_ref') ?? textOf(job, 'task_id')
  const jitter = numberOf(trigger, 'jitter')
  const label = textOf(job, 'name')
  const isPaused = ('next_run_time' in job && job.next_run_time === null) || booleanOf(job, 'paused', false)
  return {
    definition: {
      ...(task !== undefined && { task }),
      ...definition,
      ...bounds(trigger, definition),
      payload: { args: job.args ?? [], kwargs: job.kwargs ?? {} },
      ...readMisfire(job),
      ...readInstances(job),
      ...(jitter !== undefined && jitter > 0 && { jitter: durationText(jitter * 1000) }),
      ...(isPaused && { enabled: false }),
      ...(label !== undefined && label !== id && label !== task && { note: label }),
    },
    notes: [
      ...notes,
      ...(isPaused ? ['imported switched off: the job has no next run time there'] : []),
      ...(typeof job.executor === 'string' && job.executor !== 'default'
        ? [`executor ${job.executor}: use pool when its workers are apart`]
        : []),
    ],
    switchOff: `scheduler.remove_job(${JSON.stringify(id)}) in every process that runs the scheduler`,
  }
}

/** A trigger as an object; APScheduler's own text of one, `cron[hour='9']`, is taken apart. */
function readTrigger(value: unknown): JsonRecord {
  if (isRecord(value)) return { ...value, ...(isRecord(value.fields) ? value.fields : {}) }
  const parts = typeof value === 'string' ? /^(cron|interval|date)\[(.*)\]$/.exec(value) : null
  if (parts === null)
    throw new Refusal(
      `trigger is ${show(value)}, which cannot be converted`,
      'one schedule for each trigger that it combines',
    )
  const [, type, inner] = parts as unknown as [string, string, string]
  if (type === 'cron')
    return {
      type,
      ...Object.fromEntries([...inner.matchAll(/(\w+)='([^']*)'/g)].map(([, name, text]) => [name, text])),
    }
  if (type === 'date') return { type, run_date: inner.replace(/ (UTC|GMT)$/, 'Z').replace(' ', 'T') }
  const span = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(inner)
  if (span === null) throw new Refusal(`the interval ${show(inner)} cannot be read`)
  return {
    type,
    days: Number(span[1] ?? 0),
    hours: Number(span[2]),
    minutes: Number(span[3]),
    seconds: Number(span[4]),
  }
}

const CRON_FIELDS = ['year', 'month', 'day', 'week', 'day_of_week', 'hour', 'minute', 'second']

function convertTrigger(
  trigger: JsonRecord,
  job: JsonRecord,
  fallbackZone: string | undefined,
): { definition: DefinitionShape; notes: string[] } {
  const type = textOf(trigger, 'type') ?? textOf(trigger, '__type__')
  const tz = textOf(trigger, 'timezone') ?? fallbackZone
  if (type === 'date')
    return { definition: { at: instantText(trigger.run_date, 'run_date'), ...(tz !== undefined && { tz }) }, notes: [] }
  if (type === 'interval') return convertInterval(trigger, job, tz)
  if (type !== 'cron')
    throw new Refusal(
      `trigger is of the kind ${show(type)}; cron, interval and date can be converted`,
      'one schedule for each trigger that it combines',
    )
  const fields = Object.fromEntries(
    CRON_FIELDS.filter((field) => field in trigger).map((field) => [field, trigger[field]]),
  )
  const definition = {
    ...readApschedulerCron(fields),
    ...(tz !== undefined && { tz }),
    ...(changesClocks(tz) && { dstGap: 'shift' as const }),
  }
  const noZone =
    tz === undefined
      ? ['the trigger names no zone, so APScheduler counts in that of the machine: UTC is assumed; --tz sets it']
      : []
  const clocks = changesClocks(tz)
    ? [
        `${APPROXIMATED}releases of APScheduler differ at clock changes; here a time that the clocks skip is shifted, and one that they repeat runs once`,
      ]
    : []
  return { definition, notes: [...noZone, ...clocks] }
}

function convertInterval(
  trigger: JsonRecord,
  job: JsonRecord,
  tz: string | undefined,
): { definition: DefinitionShape; notes: string[] } {
  const units = { weeks: 604_800, days: 86_400, hours: 3_600, minutes: 60, seconds: 1, interval: 1, interval_length: 1 }
  const seconds = Object.entries(units).reduce((sum, [unit, size]) => sum + (numberOf(trigger, unit) ?? 0) * size, 0)
  if (!(seconds >= 0.1)) throw new Refusal(`the interval is ${seconds} s`, 'every: 100ms, the shortest interval here')
  const anchor = trigger.start_date ?? job.next_run_time ?? undefined
  const every = durationText(seconds * 1000)
  if (anchor === undefined) {
    return {
      definition: { every },
      notes: [
        `${APPROXIMATED}the interval counts from the start of the scheduler, which the export does not say; here from the Unix epoch, unless anchor is set`,
      ],
    }
  }
  return {
    definition: { every, anchor: instantText(anchor, 'start_date'), ...(tz !== undefined && { tz }) },
    notes: [],
  }
}

function bounds(trigger: JsonRecord, definition: DefinitionShape): DefinitionShape {
  const { start_date: start, end_date: end } = trigger
  if (definition.at !== undefined) return {}
  return {
    ...(typeof start === 'string' && { start: instantText(start, 'start_date') }),
    ...(typeof end === 'string' && { end: instantText(end, 'end_date') }),
  }
}

/** `misfire_grace_time` and `coalesce`: an occurrence later than the grace does not run; of the others one runs, or each. */
function readMisfire(job: JsonRecord): DefinitionShape {
  const seconds =
    job.misfire_grace_time === null ? null : (numberOf(job, 'misfire_grace_time') ?? DEFAULT_GRACE_SECONDS)
  const coalesces = typeof job.coalesce === 'string' ? job.coalesce !== 'all' : booleanOf(job, 'coalesce', true)
  const grace = seconds === null ? undefined : durationText(seconds * 1000)
  if (!coalesces) return { misfire: 'all', catchUpWindow: grace ?? NO_GRACE }
  return grace === undefined ? { misfire: 'latest', catchUpWindow: NO_GRACE } : { misfire: 'skip', misfireGrace: grace }
}

function readInstances(job: JsonRecord): DefinitionShape {
  const instances = numberOf(job, 'max_instances') ?? numberOf(job, 'max_running_jobs') ?? 1
  return instances <= 1 ? { overlap: 'skip' } : { overlap: 'allow', maxConcurrent: instances }
}
