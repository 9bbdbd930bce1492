import type { HistoryEntry } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { noSuchSchedule, paintOutcome } from '../describe.js'
import { formatDuration, formatInstant, formatLateness, oneLine } from '../format.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'

/** `history <name>`: shows how the occurrences of a schedule ended. */
export function registerHistory(program: Command): void {
  const command = program
    .command('history')
    .description('show how the occurrences of a schedule ended, newest first')
    .argument('<name>', 'name of the schedule')
    .option('-n, --limit <number>', 'most entries to show', wholeNumber(1), 20)
  setAction<{ limit: number }, [string]>(command, async (session, { limit }, name) => {
    const entries = await session.withBeat(async (beat) => {
      const found = await beat.schedules.history(name, { limit })
      // A removed schedule may still have history entries of its last runs, which are shown too.
      if (found.length === 0 && (await beat.schedules.get(name)) === null) throw noSuchSchedule(name)
      return found
    })
    session.result(entries, () => showHistory(session, entries))
  })
}

function showHistory(session: Session, entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return 'No occurrence has ended yet.'
  const rows = entries.map((entry) => [
    formatInstant(entry.scheduledAt),
    paintOutcome(entry.outcome, session.colors),
    formatLateness(entry.latenessMs),
    formatDuration(entry.durationMs),
    String(entry.attempt),
    oneLine(entry.worker ?? '-'),
    describeReason(entry),
  ])
  const columns = [
    { head: 'SCHEDULED' },
    { head: 'OUTCOME' },
    { head: 'LATE', align: 'right' as const },
    { head: 'TOOK', align: 'right' as const },
    { head: 'TRY', align: 'right' as const },
    { head: 'WORKER', shrinks: true },
    { head: 'WHY', shrinks: true },
  ]
  return renderTable(columns, rows, session.table)
}

function describeReason({ count = 1, missed = 0, error, reason }: HistoryEntry): string {
  const parts = [oneLine(error ?? reason ?? '')]
  if (count > 1) parts.push(`${count} occurrences in a row`)
  if (missed > 0) parts.push(`makes up for ${missed} missed`)
  return parts.filter((part) => part !== '').join(', ')
}
