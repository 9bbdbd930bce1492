import type { Span } from './journal.js'
import type { HistoryRecord } from './history-reader.js'
import type { RedisTime } from './redis-time.js'
import { type ChaosSchedule, dueBetween } from './schedules.js'

/** What is known after a run. */
export interface Evidence {
  readonly schedules: readonly ChaosSchedule[]
  readonly fromMs: number
  readonly toMs: number
  readonly spans: readonly Span[]
  readonly records: readonly HistoryRecord[]
  readonly time: RedisTime
  readonly leaseMs: number
  /** Spans of time in which Redis had lost its memory or was out of anybody's reach with it. */
  readonly dataLoss: readonly { fromMs: number; toMs: number }[]
}

/** What the checker found. */
export interface Findings {
  /** Occurrences that were due. */
  checked: number
  started: number
  /** Occurrences that `onCrash: skip` promised to start at most once and that were started again. */
  doubled: number
  /** Occurrences that were due and left no trace, or that `rerun` promised to finish and did not. */
  lost: number
  /** Occurrences that were due while Redis had lost its memory, and left no trace. */
  forgotten: number
  /** Handlers of one schedule that ran beside each other against its policy. */
  together: number
  /** Starts before the instant, by Redis's clock. */
  early: number
  /** Fences that did not grow. */
  fences: number
  /** Occurrences that the history does not have exactly once. */
  unrecorded: number
  skipped: number
  abandoned: number
  redelivered: number
  /** From the instant to the start, of schedules that wait for nobody. */
  longestDelayMs: number
  /** One line for each broken promise. */
  problems: string[]
}

const MAX_PROBLEMS = 10
/** Redis cuts its time to whole milliseconds. */
const CLOCK_TOLERANCE_MS = 2
const OPEN_OUTCOMES = ['skipped', 'cancelled']

/** Holds what handlers did, and the history, against what the definitions alone say was due. */
export function check(evidence: Evidence): Findings {
  const findings: Findings = {
    checked: 0,
    started: 0,
    doubled: 0,
    lost: 0,
    forgotten: 0,
    together: 0,
    early: 0,
    fences: 0,
    unrecorded: 0,
    skipped: 0,
    abandoned: 0,
    redelivered: 0,
    longestDelayMs: 0,
    problems: [],
  }
  for (const schedule of evidence.schedules) checkSchedule(schedule, evidence, findings)
  return findings
}

function checkSchedule(schedule: ChaosSchedule, evidence: Evidence, findings: Findings): void {
  const { name } = schedule
  const { time } = evidence
  const spans = evidence.spans.filter((span) => span.schedule === name).sort((a, b) => a.from - b.from)
  const entries = evidence.records.filter((entry) => entry.schedule === name)
  const due = dueBetween(schedule, evidence.fromMs, evidence.toMs)
  const forgettable = (at: number) => evidence.dataLoss.some(({ fromMs, toMs }) => at >= fromMs && at <= toMs)
  const report = (kind: 'doubled' | 'lost' | 'together' | 'early' | 'fences' | 'unrecorded', what: string): void => {
    findings[kind] += 1
    if (findings.problems.length < MAX_PROBLEMS) findings.problems.push(`${kind}: ${name} ${what}`)
  }
  const dueSet = new Set(due)
  for (const span of spans) {
    if (span.scheduledAt > evidence.fromMs && span.scheduledAt <= evidence.toMs && !dueSet.has(span.scheduledAt)) {
      report('early', `was started for ${span.scheduledAt}, which is no occurrence`)
    }
    const leadMs = time.reachedAt(span.scheduledAt) - span.from
    if (leadMs > CLOCK_TOLERANCE_MS) report('early', `@${span.scheduledAt} started ${leadMs} ms before its instant`)
  }
  for (const at of due) {
    findings.checked += 1
    const starts = spans.filter((span) => span.scheduledAt === at)
    const mine = entries.filter((entry) => covers(entry, at))
    const tell = (): string =>
      `@${at} (${starts.length} starts: ${starts.map((span) => `p${span.process} f${span.fence} +${Math.round(span.from - time.reachedAt(at))}${span.isDone ? ' done' : ''}`).join(', ')}; history: ${mine.map((entry) => `${entry.outcome} ${entry.reason} ${entry.worker} f${entry.fence}`).join(', ') || 'nothing'})`
    if (starts.length > 0) {
      findings.started += 1
      if (schedule.isPrompt)
        findings.longestDelayMs = Math.max(findings.longestDelayMs, starts[0]!.from - time.reachedAt(at))
    }
    findings.redelivered += Math.max(0, starts.length - 1)
    findings.skipped += mine.filter(({ outcome }) => outcome === 'skipped').length > 0 ? 1 : 0
    findings.abandoned += mine.filter(({ outcome }) => outcome === 'abandoned').length > 0 ? 1 : 0
    if (schedule.onCrash === 'skip' && starts.length > 1) report('doubled', tell())
    // A run that was going when the memory was lost has nowhere to be recorded, and nobody to deliver it again.
    const isOrphan = starts.some(({ to }) => forgettable(time.at(to)))
    if (starts.length === 0 && mine.length === 0) {
      if (forgettable(at)) findings.forgotten += 1
      else report('lost', tell())
    } else if (
      schedule.onCrash === 'rerun' &&
      !starts.some(({ isDone }) => isDone) &&
      !mine.some(({ outcome }) => OPEN_OUTCOMES.includes(outcome)) &&
      !forgettable(at) &&
      !isOrphan
    ) {
      report('lost', `rerun did not finish ${tell()}`)
    }
    if (mine.length !== 1 && !(mine.length === 0 && (forgettable(at) || isOrphan))) report('unrecorded', tell())
    if (mine.some(({ outcome }) => outcome === 'skipped') && starts.length > 0 && mine.length === 1)
      report('unrecorded', `ran and is told as skipped ${tell()}`)
  }
  checkTogether(schedule, spans, evidence, report)
  checkFences(schedule, spans, report)
}

function covers(entry: HistoryRecord, at: number): boolean {
  return entry.count > 1 ? at >= entry.scheduledAt && at <= entry.untilMs : entry.scheduledAt === at
}

/**
 * A clock that jumps forward ends leases before their time. Their holders hear of it when they extend them next, after a
 * third of the lease; until then others may go beside them, and not for longer.
 */
function isEndedByJump(first: Span, second: Span, { time, leaseMs }: Evidence): boolean {
  return time.jumps.some(
    ({ atMs, byMs }) =>
      byMs >= leaseMs / 2 && atMs >= first.from && atMs <= second.from && first.to - atMs <= leaseMs / 2,
  )
}

/** Two handlers at once: of one run under `allow`, else of one schedule. */
function checkTogether(
  { overlap }: ChaosSchedule,
  spans: readonly Span[],
  evidence: Evidence,
  report: (kind: 'together', what: string) => void,
): void {
  for (const [index, first] of spans.entries()) {
    for (const second of spans.slice(index + 1)) {
      if (second.from >= first.to) continue
      if (overlap === 'allow' && second.id !== first.id) continue
      const startedAt = evidence.time.at(second.from)
      // Who has lost its memory has lost its leases with it.
      if (evidence.dataLoss.some(({ fromMs, toMs }) => startedAt >= fromMs && startedAt <= toMs)) continue
      if (isEndedByJump(first, second, evidence)) continue
      report(
        'together',
        `${second.id} f${second.fence} on p${second.process} began ${Math.round(first.to - second.from)} ms before the end of ${first.id} f${first.fence} on p${first.process}`,
      )
    }
  }
}

function checkFences(
  { overlap }: ChaosSchedule,
  spans: readonly Span[],
  report: (kind: 'fences', what: string) => void,
): void {
  const seen = new Set<number>()
  let highest = -1
  for (const { id, fence } of spans) {
    if (seen.has(fence)) report('fences', `${id} has fence ${fence}, which was given before`)
    // Under `allow` two processes may start what they claimed in any order.
    else if (overlap !== 'allow' && fence < highest) report('fences', `${id} has fence ${fence} after ${highest}`)
    seen.add(fence)
    highest = Math.max(highest, fence)
  }
}
