import type { Change } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { checkWritten, describeWrite, noSuchSchedule } from '../describe.js'
import { CliFailure } from '../failure.js'
import { formatInstant, oneLine } from '../format.js'
import type { Session } from '../session.js'

/**
 * `changes <name>`, `rollback <name> <revision>` and `revert <name>`: the edits of a schedule, and how to undo them.
 */
export function registerChanges(program: Command): void {
  const changes = program
    .command('changes')
    .description('show the last edits of a schedule, newest first: who made them, when, how, and the changed fields')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(changes, async (session, _options, name) => {
    const found = await session.withBeat(async (beat) => {
      const list = await beat.schedules.changes(name)
      if (list.length === 0 && (await beat.schedules.get(name)) === null) throw noSuchSchedule(name)
      return list
    })
    session.result(found, () => showChanges(session, found))
  })

  const rollback = program
    .command('rollback')
    .description('restore the definition that a schedule had at a revision')
    .argument('<name>', 'name of the schedule')
    .argument('<revision>', 'a revision that everybeat changes shows', wholeNumber(1))
  setAction<object, [string, number]>(rollback, async (session, _options, name, revision) => {
    const written = await session.withBeat((beat) => session.edits(beat).rollback(name, revision))
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
  })

  const revert = program
    .command('revert')
    .description('restore the definition that code declared last; live edits since then are undone')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(revert, async (session, _options, name) => {
    const { outcome, revision } = await session.withBeat((beat) => session.edits(beat).revert(name))
    if (outcome === 'undeclared') {
      throw new CliFailure(
        'ERR_CLI_FAILED',
        `no code declares the schedule ${JSON.stringify(name)}; nothing was changed`,
      )
    }
    const written = { outcome, revision }
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
  })
}

function showChanges({ colors }: Session, changes: readonly Change[]): string {
  if (changes.length === 0) return 'No edit is stored.'
  return changes.flatMap((change) => [showHead(colors, change), ...showFields(colors, change)]).join('\n')
}

function showHead(colors: Session['colors'], { revision, at, by, via, kind, conflicts = [] }: Change): string {
  const who = by === undefined ? '' : ` by ${oneLine(by)}`
  const lost = conflicts.length === 0 ? '' : colors.yellow(` over live edits of ${conflicts.join(', ')}`)
  return `${colors.bold(`revision ${revision}`)}  ${formatInstant(at)}  ${kind}${who} ${colors.dim(`(${via})`)}${lost}`
}

function showFields(colors: Session['colors'], { diff }: Change): string[] {
  return Object.entries(diff).flatMap(([field, [former, now]]) => [
    ...(former === null ? [] : [colors.red(`    - ${field}: ${show(former)}`)]),
    ...(now === null ? [] : [colors.green(`    + ${field}: ${show(now)}`)]),
  ])
}

function show(value: unknown): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}
