import type { Everybeat, SchedulePage, ScheduleView } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { describeTrigger, paintState } from '../describe.js'
import { formatRelative, oneLine, plural } from '../format.js'
import { noteUnreachable } from '../note-unreachable.js'
import { findOtherPrefixes } from '../other-prefixes.js'
import type { Session } from '../session.js'
import { renderTable } from '../table.js'

interface ListOptions {
  match?: string
  task?: string
  tag?: string
  owner?: string
  limit: number
  all?: boolean
}

const PAGE = 500

/** `ls`: lists the schedules under the prefix. */
export function registerList(program: Command): void {
  const command = program
    .command('ls')
    .alias('list')
    .description('list schedules')
    .option('--match <pattern>', 'only names that match, with * and ?')
    .option('--task <task>', 'only schedules of this task')
    .option('--tag <tag>', 'only schedules with this tag')
    .option('--owner <owner>', 'only schedules of this owner')
    .option('--limit <number>', 'most schedules to show', wholeNumber(1), 100)
    .option('--all', 'show all schedules')
  setAction<ListOptions, []>(command, async (session, options) => {
    const limit = options.all ? Number.POSITIVE_INFINITY : options.limit
    const found = await session.withBeat((beat) => collectSchedules(beat, options, limit + 1))
    const schedules = found.slice(0, limit)
    session.result(schedules, () => showSchedules(session, schedules))
    noteUnreachable(session, found.unreachableShards)
    if (found.length === 0 && !session.json) await nameOtherPrefixes(session)
    if (found.length > limit) session.note(`More than ${limit} schedules match; --all shows all of them.`)
  })
}

/** Names the other prefixes in this Redis, because an empty list often means that `--prefix` was forgotten. */
async function nameOtherPrefixes({ redis = 'redis://127.0.0.1:6379', connection, note }: Session): Promise<void> {
  const own = connection.prefix ?? 'everybeat'
  const others = typeof (connection.redis ?? redis) === 'string' ? await findOtherPrefixes(redis, own) : []
  if (others.length === 0) return
  note(
    `The prefix is ${JSON.stringify(own)}; this Redis also has schedules under ${others.map((prefix) => JSON.stringify(prefix)).join(', ')}: --prefix or EVERYBEAT_PREFIX`,
  )
}

/**
 * Schedules, and the indexes of the shards that did not answer, whose schedules are missing; absent when all answered.
 */
export type FoundSchedules = ScheduleView[] & { unreachableShards?: number[] }

/** Reads pages of the list until it has `limit` schedules or all. */
export async function collectSchedules(
  beat: Everybeat,
  { match, task, tag, owner }: Pick<ListOptions, 'match' | 'task' | 'tag' | 'owner'>,
  limit = Number.POSITIVE_INFINITY,
): Promise<FoundSchedules> {
  const filter = {
    ...(match !== undefined && { match }),
    ...(task !== undefined && { task }),
    ...(tag !== undefined && { tag }),
    ...(owner !== undefined && { owner }),
  }
  const found: ScheduleView[] = []
  const unreachable = new Set<number>()
  let cursor: string | null = null
  do {
    const page: SchedulePage = await beat.schedules.list({
      ...filter,
      limit: Math.min(PAGE, limit - found.length),
      cursor,
    })
    found.push(...page)
    for (const shard of page.unreachableShards ?? []) unreachable.add(shard)
    cursor = page.cursor
  } while (cursor !== null && found.length < limit)
  return Object.assign(found, unreachable.size === 0 ? {} : { unreachableShards: [...unreachable] })
}

function showSchedules(session: Session, schedules: readonly ScheduleView[]): string {
  if (schedules.length === 0) return 'No schedules.'
  const now = new Date()
  const rows = schedules.map((schedule) => [
    oneLine(schedule.name),
    paintState(schedule.state, session.colors),
    describeTrigger(schedule),
    formatRelative(schedule.next, now),
    formatRelative(schedule.last, now),
    oneLine(schedule.task ?? schedule.name),
  ])
  const columns = [
    { head: 'NAME', shrinks: true },
    { head: 'STATE' },
    { head: 'TRIGGER', shrinks: true },
    { head: 'NEXT' },
    { head: 'LAST' },
    { head: 'TASK', shrinks: true },
  ]
  return `${renderTable(columns, rows, session.table)}\n${session.colors.dim(plural(schedules.length, 'schedule'))}`
}
