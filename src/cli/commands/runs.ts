import type { RunView } from '../../index.js'
import { Option, setAction, wholeNumber, type Command } from '../command.js'
import { formatInstant, formatRelative, NOTHING, oneLine, plural } from '../format.js'
import { noteUnreachable } from '../note-unreachable.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'

interface RunsOptions {
  state?: 'running' | 'waiting'
  schedule?: string
  limit: number
}

/** `runs`: lists the running and waiting runs, with the ids that `cancel` takes. */
export function registerRuns(program: Command): void {
  const command = program
    .command('runs')
    .description('list the running and waiting runs of the whole fleet')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(['running', 'waiting']))
    .option('--schedule <name>', 'only runs of this schedule')
    .option('-n, --limit <number>', 'most runs to show', wholeNumber(1), 100)
  setAction<RunsOptions, []>(command, async (session, { state, schedule, limit }) => {
    const runs = await session.withBeat((beat) => beat.schedules.runs(state === undefined ? {} : { state }))
    const found = runs.filter((run) => schedule === undefined || run.schedule === schedule)
    session.result(found.slice(0, limit), () => showRuns(session, found.slice(0, limit)))
    noteUnreachable(session, runs.unreachableShards)
    if (found.length > limit && !session.json) session.note(`${found.length} runs match; --limit shows more of them.`)
  })
}

/** Runs as a table for people. */
export function showRuns(session: Session, runs: readonly RunView[]): string {
  if (runs.length === 0) return 'No runs.'
  const now = new Date()
  const rows = runs.map((run) => [
    oneLine(run.schedule),
    run.state === 'running' ? session.colors.green(run.state) : session.colors.yellow(run.state),
    formatInstant(run.scheduledAt),
    run.state === 'running' ? formatRelative(run.startedAt, now) : formatRelative(run.dueAt, now),
    String(run.attempt),
    oneLine(run.worker ?? run.reason ?? NOTHING),
    oneLine(run.runId),
  ])
  const columns = [
    { head: 'SCHEDULE', shrinks: true },
    { head: 'STATE' },
    { head: 'SCHEDULED' },
    { head: 'SINCE' },
    { head: 'TRY', align: 'right' as const },
    { head: 'WORKER' },
    { head: 'RUN ID' },
  ]
  return `${renderTable(columns, rows, session.table)}\n${session.colors.dim(plural(runs.length, 'run'))}`
}
