import { list } from './diagnose-fleet.js'
import type { Finding } from './finding.js'
import type { WorkerView } from '../fleet.js'
import type { Backlog } from '../store.js'
import type { ScheduleView } from '../schedule-view.js'

/** What is kept of the schedules that were looked at. */
export interface ScheduleCounts {
  readonly count: number
  /** Whether there are more than were looked at. */
  readonly hasMore: boolean
  readonly invalid: readonly string[]
  readonly stateless: readonly string[]
  /** Active schedules by `<pool>\n<task>`. */
  readonly parked: ReadonlyMap<string, number>
}

/** Counts schedules as they come, keeping names only of those that are worth a word. */
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

/** Judges the schedules: those that cannot be used, that no worker can run, and that no worker has run. */
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
      why: 'the definition is wrong, so it does not fire; nothing else is harmed',
      advice: `everybeat show '${names[0]}' says what is wrong; it heals when it is edited`,
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
      why: 'they are new and by a plain command, or their states were deleted or evicted; until a worker takes them in they do not run',
      advice:
        'a worker does so within seconds, from history and edits; if it happens again, look for DEL and at maxmemory-policy',
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
      why: 'no worker has taken it: they are full, blocked, or cannot keep up',
      advice: `everybeat explain '${names[0]}' says more; everybeat fleet shows who is full`,
    })
  }
  for (const { pool, task, count: waiting } of parked) {
    // Those that no worker serves are told already.
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
