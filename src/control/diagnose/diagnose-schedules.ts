import { list } from './diagnose-fleet.js'
import type { Finding } from './finding.js'
import type { WorkerView } from '../fleet.js'
import type { Backlog } from '../store.js'
import type { ScheduleView } from '../schedule-view.js'

/** The counts over the schedules that were read. */
export interface ScheduleCounts {
  readonly count: number
  /** Whether more schedules exist than were read. */
  readonly hasMore: boolean
  readonly invalid: readonly string[]
  readonly stateless: readonly string[]
  /** Active schedules by `<pool>\n<task>`. */
  readonly parked: ReadonlyMap<string, number>
}

/** Counts schedules one by one, and keeps the names only of those with a finding. */
export function createScheduleCounts(): {
  take(view: ScheduleView, hasState: boolean): void
  result(hasMore: boolean): ScheduleCounts
} {
  let count = 0
  const invalid: string[] = []
  const stateless: string[] = []
  const parked = new Map<string, number>()
  return {
    take(view, hasState) {
      count += 1
      if (!hasState) stateless.push(view.name)
      if (view.state === 'invalid') invalid.push(view.name)
      if (view.state !== 'active') return
      const queue = `${view.pool ?? 'default'}\n${view.task ?? view.name}`
      parked.set(queue, (parked.get(queue) ?? 0) + 1)
    },
    result: (hasMore) => ({ count, hasMore, invalid, stateless, parked }),
  }
}

/** Makes the findings about schedules: those that cannot be used, that no worker can run, and that are overdue. */
export function diagnoseSchedules(counts: ScheduleCounts, backlog: Backlog, workers: readonly WorkerView[]): Finding[] {
  const unserved = [...counts.parked].filter(([queue]) => !isServed(queue, workers))
  const findings = [
    ...invalid(counts),
    ...stateless(counts),
    ...(workers.length === 0 ? [] : unserved.map(describeUnserved)),
  ]
  findings.push(...overdue(backlog, workers))
  const more = counts.hasMore ? `; only the first ${counts.count} were looked at` : ''
  const message = `${counts.count === 1 ? '1 schedule' : `${counts.count} schedules`}${more}`
  return [{ check: 'schedules', level: 'ok', message }, ...findings]
}

function isServed(queue: string, workers: readonly WorkerView[]): boolean {
  return workers.some(({ pool, tasks }) => tasks.some((task) => `${pool}\n${task}` === queue))
}

function invalid({ invalid: names }: ScheduleCounts): Finding[] {
  if (names.length === 0) return []
  return [
    {
      check: 'invalid',
      level: 'problem',
      message: `${names.length === 1 ? '1 schedule' : `${names.length} schedules`} cannot be used: ${list(names)}`,
      why: 'a schedule with a wrong definition does not fire; other schedules are not affected',
      advice: `everybeat show '${names[0]}' shows the error; the schedule fires again once its definition is corrected`,
    },
  ]
}

function stateless({ stateless: names }: ScheduleCounts): Finding[] {
  if (names.length === 0) return []
  return [
    {
      check: 'state',
      level: 'warning',
      message: `${names.length === 1 ? '1 schedule has' : `${names.length} schedules have`} no state: ${list(names)}`,
      why: 'a plain Redis command has just created them, or their states were deleted or evicted; they do not run until a worker plans them',
      advice:
        'a worker plans them within seconds, from history and edits; if states are lost again, look for DEL commands and check maxmemory-policy',
    },
  ]
}

function describeUnserved([queue, count]: readonly [string, number]): Finding {
  const [pool, task] = queue.split('\n')
  return {
    check: 'unserved',
    level: 'problem',
    message: `${count === 1 ? '1 schedule waits' : `${count} schedules wait`} for the task ${task} in pool ${pool}`,
    why: 'no live worker of that pool has registered it',
    advice: `deploy a worker with the task ${task} in pool ${pool}, or correct \`task\` or \`pool\``,
  }
}

function overdue({ count, names, parked }: Backlog, workers: readonly WorkerView[]): Finding[] {
  if (workers.length === 0) return []
  const findings: Finding[] = []
  if (count > 0) {
    findings.push({
      check: 'overdue',
      level: 'problem',
      message: `${count === 1 ? '1 schedule is' : `${count} schedules are`} due for more than 10 s: ${list(names)}`,
      why: 'no worker has claimed them: the workers are full, blocked or too slow',
      advice: `everybeat explain '${names[0]}' names the reason; everybeat fleet shows which workers are full`,
    })
  }
  for (const { pool, task, count: waiting } of parked) {
    // Task queues that no worker serves have a finding already.
    if (!isServed(`${pool}\n${task}`, workers)) continue
    findings.push({
      check: 'overdue',
      level: 'problem',
      message: `${waiting === 1 ? '1 occurrence' : `${waiting} occurrences`} of the task ${task} in pool ${pool} wait for more than 10 s`,
      why: 'the workers that have the task are full, or the task is at its `maxConcurrent`',
      advice: 'start more workers, or raise `concurrency` or `maxConcurrent`',
    })
  }
  return findings
}
