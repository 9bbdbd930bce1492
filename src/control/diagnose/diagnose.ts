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
 * Looks at the server, the fleet and its schedules, and says what is wrong. Changes nothing.
 *
 * @param skewOf this process's wall clock minus Redis's, ms, once Redis has answered
 */
export async function diagnose(store: ScheduleStore, skewOf: () => number): Promise<Diagnosis> {
  const [server, layout] = [await store.serverFacts(), await store.layout()]
  const findings = [...diagnoseServer(server), diagnoseLayout(layout)]
  // With another layout the keys mean something else, with other shards they are not the fleet's.
  if (findings.at(-1)?.level === 'ok') {
    const nowMs = await store.now()
    const [workers, counts, backlog] = [
      await readFleet(store),
      await countSchedules(store),
      await store.backlog(nowMs - LATE_MS),
    ]
    findings.push(...diagnoseFleet(workers, counts.count > 0, skewOf()))
    findings.push(...diagnoseSchedules(counts, backlog, workers))
  }
  return { ok: findings.every(({ level }) => level !== 'problem'), findings }
}

async function countSchedules(store: ScheduleStore): Promise<ScheduleCounts> {
  const counts = createScheduleCounts()
  let cursor: string | null = null
  let seen = 0
  do {
    const page = await store.page(cursor, PAGE_COUNT)
    for (const schedule of page.schedules) counts.take(viewSchedule(schedule, page.nowMs))
    seen += page.schedules.length
    cursor = page.cursor
  } while (cursor !== null && seen < MOST_SCHEDULES)
  return counts.result(cursor !== null)
}
