import { describe, preview, type PreviewEntry } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { TRIGGER_FIELDS } from '../../definition-files/index.js'
import { addFieldOptions, readFieldOptions } from '../definition-options.js'
import { noSuchSchedule } from '../describe.js'
import { formatInstant, formatRelative } from '../format.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'

interface PreviewCommandOptions {
  from?: string
  count: number
  name?: string
}

/** `next <name>` and `preview`: show when a schedule fires, or a trigger would fire. */
export function registerNext(program: Command): void {
  const next = program
    .command('next')
    .description('show when a schedule fires next')
    .argument('<name>', 'name of the schedule')
    .option('-n, --count <number>', 'number of instants', wholeNumber(1), 5)
  setAction<{ count: number }, [string]>(next, async (session, { count }, name) => {
    const upcoming = await session.withBeat(async (beat) => {
      const found = await beat.schedules.next(name, count)
      if (found.length === 0 && (await beat.schedules.get(name)) === null) throw noSuchSchedule(name)
      return found
    })
    session.result(upcoming, () => showUpcoming(session, upcoming))
  })

  const ahead = program
    .command('preview')
    .description('show when a trigger would fire; needs no Redis')
    .option('--from <instant>', 'strictly after this instant (default: now)')
    .option('-n, --count <number>', 'number of instants', wholeNumber(1), 5)
    .option('--name <name>', 'name of the schedule, on which H in cron and spread depend')
  addFieldOptions(ahead, TRIGGER_FIELDS)
  setAction<PreviewCommandOptions, []>(ahead, async (session, { from = Date.now(), count, name, ...options }) => {
    const definition = { ...readFieldOptions({ ...options }), ...(name !== undefined && { name }) }
    const upcoming = preview(definition, { from, count })
    session.result(upcoming, () => `${describe(definition)}\n${showUpcoming(session, upcoming)}`)
  })
}

function showUpcoming(session: Session, upcoming: readonly PreviewEntry[]): string {
  if (upcoming.length === 0) return 'No further instant follows.'
  const now = new Date()
  const rows = upcoming.map(({ at, local }) => [local, formatInstant(at), formatRelative(at, now)])
  const lines = renderTable([{ head: 'LOCAL' }, { head: 'UTC' }, { head: 'FROM NOW' }], rows, session.table).split('\n')
  // A note is a sentence, so it gets a separate line below its instant.
  const notes = upcoming.map(({ note }) => (note === undefined ? [] : [session.colors.yellow(`  ${note}`)]))
  return lines.flatMap((line, index) => [line, ...(notes[index - 1] ?? [])]).join('\n')
}
