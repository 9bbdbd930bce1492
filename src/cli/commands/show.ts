import { describe, type DefinitionShape, type ScheduleView } from '../../index.js'
import { setAction, type Command } from '../command.js'
import { DEFINITION_FIELDS } from '../../definition-files/index.js'
import { noSuchSchedule, paintState } from '../describe.js'
import { formatInstant, formatRelative, oneLine } from '../format.js'
import type { Session } from '../session.js'
import { renderPairs } from '../table.js'

/** `show <name>`: shows the definition and the state of one schedule. */
export function registerShow(program: Command): void {
  const command = program
    .command('show')
    .description('show the definition and the state of one schedule')
    .argument('<name>', 'name of the schedule')
  setAction<object, [string]>(command, async (session, _options, name) => {
    const schedule = await session.withBeat((beat) => beat.schedules.get(name))
    if (schedule === null) throw noSuchSchedule(name)
    session.result(schedule, () => showSchedule(session, schedule))
  })
}

function showSchedule(session: Session, schedule: ScheduleView): string {
  const now = new Date()
  const instant = (at: Date | null) => (at === null ? 'none' : `${formatInstant(at)} (${formatRelative(at, now)})`)
  const pairs: [string, string][] = [
    ['name', session.colors.bold(oneLine(schedule.name))],
    ['state', paintState(schedule.state, session.colors)],
    ['revision', String(schedule.revision)],
    ['next', instant(schedule.next)],
    ['last', instant(schedule.last)],
  ]
  if (schedule.given) pairs.splice(2, 0, ['fires', oneLine(describe(schedule.given, schedule.name))])
  if (schedule.paused) {
    const { at, until, note } = schedule.paused
    const end = until === undefined ? '' : `, until ${formatInstant(until)}`
    pairs.push([
      'paused',
      `since ${formatInstant(at)} (${formatRelative(at, now)})${end}${note === undefined ? '' : `: ${oneLine(note)}`}`,
    ])
  }
  if (schedule.error !== undefined) pairs.push(['error', session.colors.red(oneLine(schedule.error))])
  for (const field of Object.keys(DEFINITION_FIELDS) as (keyof DefinitionShape)[]) {
    const value = schedule[field]
    if (value === undefined) continue
    const isDefault = schedule.given !== undefined && schedule.given[field] === undefined
    pairs.push([field, isDefault ? session.colors.dim(`${showField(value)} (default)`) : showField(value)])
  }
  return renderPairs(pairs, session.table)
}

function showField(value: unknown): string {
  if (value instanceof Date) return formatInstant(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return oneLine(value.join(', ')) || 'none'
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value))
}
