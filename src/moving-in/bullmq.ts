import type { DefinitionShape } from '../index.js'
import { readCronParserText } from './cron-parser-text.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { asRecord, durationText, isRecord, numberOf, parseJson, show, unknownMembers } from './records.js'

/** A job scheduler of BullMQ, as its keys hold it. */
export interface BullmqRecord {
  queue: string
  /** Id of the scheduler, which may hold any character. */
  id: string
  /** The whole key of the hash. */
  key: string
  /** Epoch milliseconds of the next job. */
  nextMs: number
  /** Fields of the hash; null when there is none, as for repeatable jobs of old versions. */
  fields: Readonly<Record<string, string>> | null
}

const CONVERTED = ['attempts', 'backoff', 'repeat', 'jobId', 'timestamp', 'repeatJobKey', 'prevMillis']

/** Converts job schedulers. A job of the queue becomes a run of a task with the job's name and data. */
export function convertBullmq(records: readonly BullmqRecord[], options: ConvertOptions): (Draft | RefusedDraft)[] {
  return records.map((record) =>
    draftEntry({ name: record.id, source: record.key }, () => convertScheduler(record, options)),
  )
}

function convertScheduler(
  { queue, id, nextMs, fields }: BullmqRecord,
  { tz }: ConvertOptions,
): Omit<Draft, 'name' | 'source'> {
  if (fields === null) {
    throw new Refusal(
      'this is a repeatable job of an old version of BullMQ, whose definition is in the application alone',
      'queue.upsertJobScheduler, then import again',
    )
  }
  const { trigger, notes } = readTrigger(fields, nextMs, tz)
  const jobOptions = fields.opts === undefined ? {} : asRecord(parseJson(fields.opts, 'opts'), 'opts')
  const attempts = numberOf(jobOptions, 'attempts') ?? 1
  return {
    definition: {
      task: fields.name ?? id,
      ...trigger,
      payload: fields.data === undefined ? {} : parseJson(fields.data, 'data'),
      ...bounds(fields),
      // A queue takes the next job whether or not the last one is done; its workers bound how many run.
      overlap: 'allow',
      ...(attempts > 1 && { retries: attempts - 1, backoff: readBackoff(jobOptions.backoff) }),
    },
    notes: [
      `jobs went to the queue ${queue}; here the worker runs the task itself, or passes it on with everybeat/bullmq`,
      ...notes,
      ...unknownMembers(jobOptions, CONVERTED).map((option) => `${option} has no counterpart`),
    ],
    switchOff: `queue.removeJobScheduler(${JSON.stringify(id)}) on the queue ${queue}`,
  }
}

function readTrigger(
  fields: Readonly<Record<string, string>>,
  nextMs: number,
  fallbackZone: string | undefined,
): { trigger: DefinitionShape; notes: string[] } {
  if (fields.every !== undefined) {
    // Its jobs stand on a grid through the next one.
    return { trigger: { every: durationText(Number(fields.every)), anchor: new Date(nextMs).toISOString() }, notes: [] }
  }
  if (fields.pattern === undefined) throw new Refusal(`the scheduler has neither pattern nor every: ${show(fields)}`)
  const tz = fields.tz ?? fallbackZone
  const trigger = readCronParserText(fields.pattern, 'BullMQ', tz)
  const noZone = 'the scheduler names no tz, so BullMQ counts in the zone of its process: UTC is assumed; --tz sets it'
  return { trigger, notes: tz === undefined ? [noZone] : [] }
}

function bounds(fields: Readonly<Record<string, string>>): DefinitionShape {
  const instant = (text: string): string => new Date(/^\d+$/.test(text) ? Number(text) : text).toISOString()
  // The count goes up when a job is added, so the waiting job is counted already and has still to run.
  const done = Math.max(0, Number(fields.ic ?? 1) - 1)
  const left = fields.limit === undefined ? undefined : Number(fields.limit) - done
  if (left !== undefined && left < 1) throw new Refusal(`its limit of ${fields.limit} jobs is used up`)
  return {
    ...(fields.startDate !== undefined && { start: instant(fields.startDate) }),
    ...(fields.endDate !== undefined && { end: instant(fields.endDate) }),
    ...(left !== undefined && { limit: left }),
  }
}

function readBackoff(value: unknown): NonNullable<DefinitionShape['backoff']> {
  if (typeof value === 'number') return { type: 'fixed', delay: value, max: value }
  if (!isRecord(value)) return { type: 'fixed', delay: 0, max: 0 }
  const type = value.type === 'exponential' ? 'exponential' : 'fixed'
  const delay = numberOf(value, 'delay') ?? 0
  return { type, delay, max: type === 'fixed' ? delay : Math.max(delay, 86_400_000) }
}
