import type { Definition } from '../../schedule/definition.js'
import { formatDuration } from '../../time/duration.js'
import type { HistoryEntry } from '../history.js'

/** Says in words how an occurrence ended, and why. */
export function explainEntry(entry: HistoryEntry, definition: Definition | null): string {
  const worker = entry.worker === undefined ? 'a worker' : `worker ${entry.worker}`
  switch (entry.outcome) {
    case 'ok':
      return `it ran on ${worker}${lateness(entry)}${duration(entry)}${missed(entry)}`
    case 'failed':
      return `it failed on ${worker} in attempt ${entry.attempt}: ${failure(entry)}`
    case 'cancelled':
      return entry.reason === 'replaced'
        ? 'it was stopped: a newer occurrence became due, and `overlap` is `replace`'
        : 'it was stopped: a person or a program cancelled it'
    case 'abandoned':
      return abandonment(entry, worker)
    case 'skipped':
      return `${entry.count === undefined ? 'it was' : `${entry.count} occurrences up to ${entry.until?.toISOString()} were`} skipped: ${skipWords(entry.reason, definition)}`
  }
}

/** Why an occurrence is skipped, by the reason in the history. */
export function skipWords(reason: string | undefined, definition: Definition | null): string {
  const given = definition?.misfireGraceMs ?? null
  const grace = given === null ? '`misfireGrace`' : formatDuration(given)
  const window = definition ? formatDuration(definition.catchUpWindowMs) : '`catchUpWindow`'
  const most = definition ? String(definition.maxCatchUp) : '`maxCatchUp`'
  const known: Record<string, string> = {
    overlap: 'the previous run was still running',
    replaced: 'a newer occurrence became due before the previous run had ended',
    'max-concurrent': `as many runs of the task were in progress as \`maxConcurrent\` allows${definition?.maxConcurrent ? `, ${definition.maxConcurrent}` : ''}`,
    misfire: `no worker claimed it within its grace of ${grace}, and \`misfire\` is \`${definition?.misfire ?? 'skip'}\``,
    'catch-up-window': `no worker claimed it in time, and it was older than the catch-up window of ${window}`,
    'catch-up-cap': `no worker claimed it in time, and at most ${most} missed occurrences are caught up`,
    paused: 'the schedule was paused',
    disabled: 'the schedule was disabled',
    invalid: 'the definition could not be used',
    edited: 'the trigger was edited before a worker claimed it',
  }
  return known[reason ?? ''] ?? `reason ${reason ?? 'unknown'}`
}

function abandonment({ reason, attempt }: HistoryEntry, worker: string): string {
  if (reason === 'max-deliveries') {
    return `it was given up: each worker that ran it died or lost its lease, the last one ${worker}, and \`maxDeliveries\` was reached`
  }
  if (reason === 'shutdown') return `it was given up: ${worker} stopped, and the run did not end in time`
  if (reason === 'lease-lost')
    return `it was given up in attempt ${attempt}: ${worker} could not extend its lease in time, or its event loop was blocked`
  return `it was given up: ${worker} died while it ran, and \`onCrash\` is \`skip\``
}

function failure({ reason, error, durationMs }: HistoryEntry): string {
  if (reason === 'timeout')
    return `it took longer than its timeout${durationMs === undefined ? '' : ` (${durationMs} ms)`}`
  return error ?? reason ?? 'no error was recorded'
}

function lateness({ latenessMs }: HistoryEntry): string {
  return latenessMs === undefined ? '' : `, ${latenessMs} ms after its instant`
}

function duration({ durationMs }: HistoryEntry): string {
  return durationMs === undefined ? '' : `, and took ${durationMs} ms`
}

function missed({ missed: count }: HistoryEntry): string {
  return count === undefined ? '' : `; it ran in place of ${count} other missed occurrence${count === 1 ? '' : 's'}`
}
