import type { HistoryReason } from '../events/reasons.js'
import { splitDescription } from '../events/describe-error.js'

/** How an occurrence ended. */
export type HistoryOutcome = 'ok' | 'failed' | 'skipped' | 'abandoned' | 'cancelled'

/** One entry of the history. */
export interface HistoryEntry {
  /** The nominal instant of the occurrence; for an entry of several occurrences, of the first one. */
  scheduledAt: Date
  /** How the occurrence ended. */
  outcome: HistoryOutcome
  /** The reason of an outcome other than `ok`: `overlap`, `misfire`, `paused`, `timeout`, `crash`, … */
  reason?: HistoryReason
  /** Id of the run; for a skipped occurrence, the id that its run would have had. */
  runId: string
  /** Id of the worker that ran it; absent for an occurrence without a run. */
  worker?: string
  /** Number of the last attempt, from 1; 0 without a run. */
  attempt: number
  /** Fencing token of the last claim; 0 without a run. */
  fence: number
  /** When the run was claimed, by Redis's clock, but not before its start instant; absent without a run. */
  startedAt?: Date
  /** How long the last attempt took, ms; absent without a run. */
  durationMs?: number
  /** Time from the start instant to the start of the handler, ms; 0 for retries and reruns. */
  latenessMs?: number
  /** Number of other missed occurrences in whose place the run started. */
  missed?: number
  /** The value that the handler returned. */
  result?: unknown
  /** The error of a run that failed, as `name: message`. */
  error?: string
  /** The error with its stack and its causes, cut to a maximal length. */
  stack?: string
  /** Number of consecutive occurrences that the entry covers, from `scheduledAt` to `until`; absent for one. */
  count?: number
  /** The nominal instant of the last of these occurrences. */
  until?: Date
}

function parseResult(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Reads a stream entry; an absent field stays absent. */
export function toHistoryEntry(fields: Readonly<Record<string, string>>): HistoryEntry {
  const number = (name: string) => (fields[name] ? Number(fields[name]) : undefined)
  const optional: Record<string, unknown> = {
    reason: fields.reason || undefined,
    worker: fields.worker || undefined,
    startedAt: fields.started ? new Date(Number(fields.started)) : undefined,
    durationMs: number('duration'),
    latenessMs: number('lateness'),
    missed: Number(fields.missed) > 0 ? Number(fields.missed) : undefined,
    result: fields.result ? parseResult(fields.result) : undefined,
    ...(fields.error ? splitDescription(fields.error) : {}),
    count: Number(fields.count) > 1 ? Number(fields.count) : undefined,
    until: fields.until ? new Date(Number(fields.until)) : undefined,
  }
  return {
    scheduledAt: new Date(Number(fields.at)),
    outcome: (fields.outcome ?? 'skipped') as HistoryOutcome,
    runId: fields.run ?? '',
    attempt: Number(fields.attempt ?? 0),
    fence: Number(fields.fence ?? 0),
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<HistoryEntry>),
  }
}
