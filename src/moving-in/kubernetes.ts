import type { DefinitionShape } from '../index.js'
import { parseYaml } from '../definition-files/index.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { readPod } from './kubernetes-pod.js'
import { readCronJobSchedule } from './kubernetes-schedule.js'
import { asRecord, booleanOf, durationText, isRecord, numberOf, textOf, type JsonRecord } from './records.js'

const DEFAULT_BACKOFF_LIMIT = 6
/** How far back a CronJob without a deadline makes up for its last missed run. */
const NO_DEADLINE = '3650d'

/** Converts the CronJobs of YAML or JSON manifests: several documents, `List`s; objects of other kinds are ignored. */
export function convertKubernetes(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const file = options.file ?? 'manifest'
  return parseYaml(text, file).flatMap(({ value, lineOf }, index) =>
    collectJobs(value).map(({ object, path }) => {
      const line = lineOf(path.length === 0 ? ['kind'] : path)
      return convertCronJob(object, line === null ? `${file} document ${index + 1}` : `${file}:${line}`, options)
    }),
  )
}

/** Every CronJob of a document, with its path. */
function collectJobs(
  value: unknown,
  path: (string | number)[] = [],
): { object: JsonRecord; path: (string | number)[] }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => collectJobs(item, [...path, index]))
  if (!isRecord(value)) return []
  if (value.kind === 'CronJob') return [{ object: value, path }]
  return Array.isArray(value.items) ? collectJobs(value.items, [...path, 'items']) : []
}

function convertCronJob(object: JsonRecord, source: string, options: ConvertOptions): Draft | RefusedDraft {
  const metadata = isRecord(object.metadata) ? object.metadata : {}
  const name =
    typeof metadata.name === 'string'
      ? metadata.name
      : typeof metadata.generateName === 'string'
        ? metadata.generateName
        : 'cronjob'
  const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : undefined
  return draftEntry({ name, source }, () => {
    const spec = asRecord(object.spec, 'spec')
    const jobSpec = asRecord(asRecord(spec.jobTemplate ?? {}, 'jobTemplate').spec ?? {}, 'jobTemplate.spec')
    const schedule = textOf(spec, 'schedule')
    if (schedule === undefined) throw new Refusal('spec.schedule is missing')
    const status = isRecord(object.status) ? object.status : {}
    const { trigger, notes } = readCronJobSchedule({
      schedule,
      timeZone: textOf(spec, 'timeZone'),
      fallbackZone: options.tz,
      countsFrom: textOf(status, 'lastScheduleTime') ?? textOf(metadata, 'creationTimestamp'),
    })
    const pod = readPod(jobSpec)
    const policies = readPolicies(spec, jobSpec)
    return {
      definition: {
        ...(options.task !== undefined && { task: options.task }),
        ...trigger,
        payload: pod.payload,
        ...policies.definition,
      },
      notes: [...notes, ...policies.notes, ...pod.notes],
      switchOff: `kubectl patch cronjob ${name}${namespace === undefined ? '' : ` -n ${namespace}`} -p '{"spec":{"suspend":true}}'`,
    }
  })
}

function readPolicies(spec: JsonRecord, jobSpec: JsonRecord): { definition: DefinitionShape; notes: string[] } {
  const notes: string[] = []
  const deadline = numberOf(spec, 'startingDeadlineSeconds')
  if (deadline !== undefined && deadline < 10)
    notes.push('Kubernetes looks every 10 seconds, so a shorter deadline could miss runs there; here it does not')
  const window = deadline === undefined ? NO_DEADLINE : durationText(deadline * 1000)
  const activeDeadline = numberOf(jobSpec, 'activeDeadlineSeconds')
  if (activeDeadline !== undefined)
    notes.push('activeDeadlineSeconds bounds a Job with its retries; here timeout bounds each attempt')
  for (const field of ['completions', 'parallelism', 'completionMode'] as const) {
    const value = jobSpec[field]
    if (value !== undefined && value !== null && value !== 1 && value !== 'NonIndexed')
      notes.push(`${field}: ${String(value as string | number)} has no counterpart: a run is one call of the task`)
  }
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    if (spec[field] !== undefined)
      notes.push(`${field} has no counterpart: each occurrence has an entry in the history`)
  }
  const retries = numberOf(jobSpec, 'backoffLimit') ?? DEFAULT_BACKOFF_LIMIT
  return {
    definition: {
      misfire: 'latest',
      catchUpWindow: window,
      ...(deadline !== undefined && { misfireGrace: window }),
      overlap: readConcurrency(spec, notes),
      ...(booleanOf(spec, 'suspend', false) && { enabled: false }),
      ...(activeDeadline !== undefined && { timeout: durationText(activeDeadline * 1000) }),
      retries: Math.min(retries, 1_000),
      ...(retries > 0 && { backoff: { type: 'exponential' as const, delay: '10s', max: '6m' } }),
    },
    notes,
  }
}

function readConcurrency(spec: JsonRecord, notes: string[]): NonNullable<DefinitionShape['overlap']> {
  const policy = textOf(spec, 'concurrencyPolicy') ?? 'Allow'
  if (policy === 'Replace') return 'replace'
  if (policy === 'Allow') return 'allow'
  if (policy !== 'Forbid')
    throw new Refusal(`concurrencyPolicy is ${JSON.stringify(policy)}; Kubernetes knows Allow, Forbid and Replace`)
  notes.push(
    'Forbid can start the skipped run when the previous Job ends within the deadline; overlap: skip never does, overlap: queue always',
  )
  return 'skip'
}
