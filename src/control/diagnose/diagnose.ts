import { diagnoseFleet } from './diagnose-fleet.js'
import { createScheduleCounts, diagnoseSchedules, type ScheduleCounts } from './diagnose-schedules.js'
import { diagnoseLayout, diagnoseServer } from './diagnose-server.js'
import type { Finding } from './finding.js'
import { readFleet } from '../fleet.js'
import type { ScheduleStore } from '../store.js'
import { viewSchedule } from '../schedule-view.js'

/** How a fleet and its Redis are. */
export interface Diagnosis {
  /** Whether there is no problem; there may be warnings. */
  ok: boolean
  /** What was found, in a fixed order: the server, the fleet, the schedules. */
  findings: Finding[]
}

/** Something that is due for so long is late, ms. */
const LATE_MS = 10_000
const PAGE_COUNT = 500
/** More are not looked at one by one. */
const MOST_SCHEDULES = 50_000

/**
 * Looks at the server, the fleet and its schedules, and says what is wrong. Changes nothing. What does not answer in time
 * is a finding; the other findings come all the same.
 *
 * @param skewOf this process's wall clock minus Redis's, ms, once Redis has answered
 * @throws what the server answers, or `ERR_EVERYBEAT_CONNECTION`, where nothing answers
 */
export async function diagnose(store: ScheduleStore, skewOf: () => number): Promise<Diagnosis> {
  const failures: unknown[] = []
  const attempt = async <Part>(part: Promise<Part>): Promise<Part | null> => {
    return await part.catch((error: unknown) => (failures.push(error), null))
  }
  // At once: together they take one time-out at most.
  const [server, layout, nowMs] = await Promise.all([
    attempt(store.serverFacts()),
    attempt(store.layout()),
    attempt(store.now()),
  ])
  if (server === null && layout === null && nowMs === null) throw failures[0]
  const findings = server === null ? [] : diagnoseServer(server)
  if (layout !== null) findings.push(diagnoseLayout(layout))
  // With another layout the keys mean something else, with other shards they are not the fleet's.
  if (layout === null || findings.at(-1)?.level === 'ok') {
    const [workers, counts, backlog] = await Promise.all([
      nowMs === null ? null : attempt(readFleet(store)),
      attempt(countSchedules(store)),
      nowMs === null ? null : attempt(store.backlog(nowMs - LATE_MS)),
    ])
    if (workers && counts) findings.push(...diagnoseFleet(workers, counts.count > 0, skewOf()))
    if (workers && counts && backlog) findings.push(...diagnoseSchedules(counts, backlog, workers))
    findings.push(...diagnoseReach([...(counts?.unreachable ?? []), ...(backlog?.unreachable ?? [])], failures))
  }
  return { ok: findings.every(({ level }) => level !== 'problem'), findings }
}

async function countSchedules(store: ScheduleStore): Promise<ScheduleCounts & { unreachable: readonly number[] }> {
  const counts = createScheduleCounts()
  const unreachable: number[] = []
  let cursor: string | null = null
  let seen = 0
  do {
    const page = await store.page(cursor, PAGE_COUNT)
    for (const schedule of page.schedules) {
      counts.take(viewSchedule(schedule, page.nowMs), Object.keys(schedule.state).length > 0)
    }
    unreachable.push(...page.unreachable)
    seen += page.schedules.length
    cursor = page.cursor
  } while (cursor !== null && seen < MOST_SCHEDULES)
  return { ...counts.result(cursor !== null), unreachable }
}

/** What did not answer: whole shards, and other questions whose answers are missing here. */
function diagnoseReach(shards: readonly number[], failures: readonly unknown[]): Finding[] {
  const check = 'unreachable'
  const silent = [...new Set(shards)].sort((one, other) => one - other)
  const findings: Finding[] = silent.map((shard) => ({
    check,
    level: 'problem',
    message: `shard ${shard} does not answer`,
    why: 'its schedules do not run, and are missing in these findings; those of the other shards run',
    advice: 'look at the node that has its slots (CLUSTER SHARDS, CLUSTER NODES), or give it a replica that takes over',
  }))
  for (const message of new Set(failures.map((error) => (error instanceof Error ? error.message : String(error))))) {
    const why = 'what it would have told is missing in these findings'
    findings.push({ check, level: 'problem', message: `a question was not answered: ${message}`, why })
  }
  return findings
}
