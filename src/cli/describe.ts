import type { DefinitionShape, HistoryEntry, PutResult, ScheduleView } from '../index.js'
import type { Colors } from './colors.js'
import { CliFailure } from './failure.js'
import { oneLine } from './format.js'

/** A trigger in one line: `cron 0 9 * * 1-5 Asia/Shanghai`, `every 5m`, `at 2026-12-24T18:00:00Z`. */
export function describeTrigger(definition: DefinitionShape): string {
  for (const kind of ['cron', 'every', 'at', 'rrule', 'solar'] as const) {
    const rule = definition[kind]
    if (rule === undefined) continue
    const text = rule instanceof Date ? rule.toISOString() : typeof rule === 'number' ? `${rule}ms` : rule
    const zone = definition.tz === undefined || definition.tz === 'UTC' ? '' : ` ${definition.tz}`
    return oneLine(`${kind} ${text}${zone}`)
  }
  return 'no trigger'
}

/** The state of a schedule in its colour. */
export function paintState(state: ScheduleView['state'], colors: Colors): string {
  switch (state) {
    case 'active':
      return colors.green(state)
    case 'paused':
      return colors.yellow(state)
    case 'finished':
      return colors.dim(state)
    case 'invalid':
      return colors.red(state)
  }
}

/** The outcome of an occurrence in its colour. */
export function paintOutcome(outcome: HistoryEntry['outcome'], colors: Colors): string {
  switch (outcome) {
    case 'ok':
      return colors.green(outcome)
    case 'skipped':
      return colors.yellow(outcome)
    case 'cancelled':
      return colors.dim(outcome)
    case 'failed':
    case 'abandoned':
      return colors.red(outcome)
  }
}

/** The outcome of a write as a line for people; a write that was refused is a failure instead. */
export function describeWrite(name: string, { outcome, revision }: PutResult, colors: Colors): string {
  return `${colors.bold(oneLine(name))} ${outcome} (revision ${revision})`
}

/** Throws the failure of a write that was refused. */
export function checkWritten(name: string, written: PutResult): void {
  if (written.outcome === 'missing') throw noSuchSchedule(name)
  if (written.outcome !== 'conflict') return
  const message = `schedule ${JSON.stringify(name)} is at revision ${written.revision}; nothing was written`
  throw new CliFailure('ERR_CLI_CONFLICT', message)
}

/** The failure of a command on a schedule that does not exist. */
export function noSuchSchedule(name: string): CliFailure {
  return new CliFailure('ERR_CLI_NOT_FOUND', `no schedule ${JSON.stringify(name)} under this prefix`)
}
