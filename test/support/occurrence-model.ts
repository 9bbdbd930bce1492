import type { DefinitionShape, HistoryEntry } from '../../src/index.js'

/** A trigger as people write it, and the same rule in words of its own: nothing here asks the code under test. */
export interface Rule {
  readonly trigger: Pick<DefinitionShape, 'every' | 'cron' | 'tz'>
  /** Every occurrence is a whole number of these, ms. */
  readonly stepMs: number
  isDue(instantMs: number): boolean
}

/** A stretch of time in which a schedule had the occurrences of a rule: from one write to another, on Redis's clock. */
export interface Stretch {
  readonly rule: Rule
  readonly fromMs: number
  readonly toMs: number
}

/** One call of a handler. */
export interface Start {
  readonly schedule: string
  readonly runId: string
  readonly scheduledAt: number
  readonly attempt: number
  readonly fence: number
  readonly atMs: number
  /** How it went: `killed` is a worker that died under it. */
  ending: { readonly atMs: number; readonly how: 'ok' | 'threw' | 'killed' } | null
}

/** Longest time of a claim before its instant; a write in between is too late for that occurrence. */
const AHEAD_MS = 6

const HOUR_MS = 3_600_000

function everyRule(every: number): Rule {
  return { trigger: { every }, stepMs: every, isDue: () => true }
}

/** The rules that the histories draw from. */
export const RULES: readonly Rule[] = [
  ...[7_000, 15_000, 40_000, 90_000, 600_000, 3 * HOUR_MS].map(everyRule),
  { trigger: { cron: '* * * * *' }, stepMs: 60_000, isDue: () => true },
  { trigger: { cron: '*/5 * * * *' }, stepMs: 300_000, isDue: () => true },
  { trigger: { cron: '15 */2 * * *' }, stepMs: 60_000, isDue: (at) => at % (2 * HOUR_MS) === HOUR_MS / 4 },
  {
    trigger: { cron: '30 9-17 * * 1-5', tz: 'Asia/Kolkata' },
    stepMs: 60_000,
    isDue(at) {
      const there = new Date(at + 5.5 * HOUR_MS)
      const [day, hour] = [there.getUTCDay(), there.getUTCHours()]
      return there.getUTCMinutes() === 30 && hour >= 9 && hour <= 17 && day >= 1 && day <= 5
    },
  },
]

/** The occurrences that the history must have, and those that it may have because they coincide with a write. */
export function expectedOccurrences(stretches: readonly Stretch[]): { certain: Set<number>; possible: Set<number> } {
  const certain = new Set<number>()
  const possible = new Set<number>()
  for (const { rule, fromMs, toMs } of stretches) {
    for (let at = Math.ceil(fromMs / rule.stepMs) * rule.stepMs; at <= toMs + AHEAD_MS; at += rule.stepMs) {
      if (!rule.isDue(at)) continue
      possible.add(at)
      if (at > fromMs && at < toMs) certain.add(at)
    }
  }
  return { certain, possible }
}

/** Compares a history with the expected occurrences; every line of the answer is a fault. */
export function findFaults(history: readonly HistoryEntry[], stretches: readonly Stretch[]): string[] {
  const { certain, possible } = expectedOccurrences(stretches)
  const faults: string[] = []
  const seen = new Map<number, string>()
  const note = (at: number, what: string): void => {
    if (seen.has(at)) faults.push(`${show(at)} has two entries: ${seen.get(at)} and ${what}`)
    if (!possible.has(at)) faults.push(`${show(at)} was never due: ${what}`)
    seen.set(at, what)
  }
  for (const { scheduledAt, outcome, reason, runId, count = 1, until } of history) {
    if (isBeside(runId)) continue
    const at = scheduledAt.getTime()
    const what = `${outcome} ${reason ?? ''}`.trim()
    if (count === 1) {
      note(at, what)
      continue
    }
    const group = [...possible].filter((each) => each >= at && each <= until!.getTime())
    if (group.length !== count)
      faults.push(`${count} from ${show(at)} to ${show(until!.getTime())}: ${group.length} were due`)
    for (const each of group) note(each, what)
  }
  for (const at of [...certain].sort((one, other) => one - other)) {
    if (!seen.has(at)) faults.push(`${show(at)} is not accounted for`)
  }
  return faults
}

/** Compares the calls of handlers with the history and with the promise of each policy. */
export function findStartFaults(
  starts: readonly Start[],
  history: readonly HistoryEntry[],
  policy: { readonly onCrash: string; readonly mayOverlap: boolean },
): string[] {
  const faults: string[] = []
  const deliveries = new Set<string>()
  const attempts = new Map<string, number>()
  for (const start of starts) {
    const what = `${start.runId} attempt ${start.attempt} fence ${start.fence}`
    if (deliveries.has(`${start.runId} ${start.fence}`)) faults.push(`${what} was started twice for one delivery`)
    deliveries.add(`${start.runId} ${start.fence}`)
    const attempt = `${start.runId} attempt ${start.attempt}`
    attempts.set(attempt, (attempts.get(attempt) ?? 0) + 1)
    if (start.atMs < start.scheduledAt) faults.push(`${what} was started ${start.scheduledAt - start.atMs} ms early`)
  }
  if (policy.onCrash === 'skip') {
    for (const [attempt, count] of attempts) if (count > 1) faults.push(`${attempt} was started ${count} times`)
  }
  if (!policy.mayOverlap) faults.push(...findOverlaps(starts.filter(({ runId }) => !isBeside(runId))))
  for (const { runId, outcome, fence } of history) {
    const mine = starts.filter((start) => start.runId === runId)
    if (outcome === 'skipped' && mine.length > 0) faults.push(`${runId} is skipped in the history, and was started`)
    if (outcome !== 'ok') continue
    const last = mine.find((start) => start.fence === fence)
    if (last?.ending?.how !== 'ok') faults.push(`${runId} is ok in the history; its handler: ${last?.ending?.how}`)
  }
  return faults
}

function findOverlaps(starts: readonly Start[]): string[] {
  const faults: string[] = []
  const inOrder = [...starts].sort((one, other) => one.atMs - other.atMs)
  for (const [index, start] of inOrder.entries()) {
    const next = inOrder[index + 1]
    const endMs = start.ending?.atMs ?? Number.POSITIVE_INFINITY
    if (next && next.atMs < endMs) faults.push(`${next.runId} was started while ${start.runId} went`)
  }
  return faults
}

/** Whether the run is a manual or backfilled run, which is no occurrence of the trigger. */
function isBeside(runId: string): boolean {
  return /#\d+$/.test(runId)
}

function show(at: number): string {
  return new Date(at).toISOString()
}
