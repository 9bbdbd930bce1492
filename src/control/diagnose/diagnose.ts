import { diagnoseFleet } from './diagnose-fleet.js'
import { createScheduleCounts, diagnoseSchedules, type ScheduleCounts } from './diagnose-schedules.js'
import { diagnoseLayout, diagnoseServer } from './diagnose-server.js'
import type { Finding } from './finding.js'
import { readFleet } from '../fleet.js'
import type { ScheduleStore } from '../store.js'
import { viewSchedule } from '../schedule-view.js'

/** The findings about a fleet and its Redis. */
export interface Diagnosis {
  /** Whether there is no problem; there may be warnings. */
  ok: boolean
  /** The findings, in a fixed order: the server, the fleet, the schedules. */
  findings: Finding[]
}

/** Time after which a due schedule or run counts as late, ms. */
const LATE_MS = 10_000
const PAGE_COUNT = 500
/** Most schedules that are read one by one. */
const MOST_SCHEDULES = 50_000

/**
 * Checks the server, the fleet and its schedules, and gives findings. Changes nothing. A question without an answer in
 * time is a finding too, and does not prevent the others.
 *
 * @param skewOf this process's wall clock minus Redis's, ms, once Redis has answered
 * @throws the refusal of the server, or `ERR_EVERYBEAT_CONNECTION`, when no question is answered
 */
export async function diagnose(store: ScheduleStore, skewOf: () => number): Promise<Diagnosis> {
  const failures: unknown[] = []
  const attempt = async <Part>(part: Promise<Part>): Promise<Part | null> => {
    return await part.catch((error: unknown) => (failures.push(error), null))
  }
  // The questions are sent at once, so that together they take one time-out at most.
  const [server, layout, nowMs] = await Promise.all([
    attempt(store.serverFacts()),
    attempt(store.layout()),
    attempt(store.now()),
  ])
  if (server === null && layout === null && nowMs === null) throw failures[0]
  const findings = server === null ? [] : diagnoseServer(server)
  if (layout !== null) findings.push(diagnoseLayout(layout))
  // Keys of another layout have other meanings, and keys of another number of shards are not those of the fleet.
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

/** The findings about shards and questions without an answer. */
function diagnoseReach(shards: readonly number[], failures: readonly unknown[]): Finding[] {
  const check = 'unreachable'
  const silent = [...new Set(shards)].sort((one, other) => one - other)
  const findings: Finding[] = silent.map((shard) => ({
    check,
    level: 'problem',
    message: `shard ${shard} does not answer`,
    why: 'its schedules do not run and are missing in these findings; the schedules of the other shards run',
    advice: 'look at the node that has its slots (CLUSTER SHARDS, CLUSTER NODES), or give it a replica that takes over',
  }))
  for (const message of new Set(failures.map((error) => (error instanceof Error ? error.message : String(error))))) {
    const why = 'its answer is missing in these findings'
    findings.push({ check, level: 'problem', message: `a question was not answered: ${message}`, why })
  }
  return findings
}
