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
  /** Spans of time in which Redis had lost its data, or in which no worker could reach it. */
  readonly dataLoss: readonly { fromMs: number; toMs: number; isRewound?: boolean; flushedAtMs?: number }[]
  /** Spans, by the monotonic clock, whose writes are lost: runs of these spans may start again, with the same fences. */
  readonly lostWrites?: readonly { fromMs: number; toMs: number }[]
  /** Whether a worker may go without replies for as long as a lease and no connection breaks; default false. */
  readonly repliesAreLate?: boolean
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
  /** From the instant to the start, of schedules that wait for no other run. */
  longestDelayMs: number
  /** One line for each broken promise. */
  problems: string[]
}

const MAX_PROBLEMS = 10
/** Redis cuts its time to whole milliseconds. */
const CLOCK_TOLERANCE_MS = 2
/** How early an occurrence is claimed at the most, with its way over a slow network, ms. */
const AHEAD_MS = 100
/** Time beyond its lease until a run of a dead worker is recovered, ms; some retries wait as long. */
const TAKE_OVER_MS = 15_000
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
  const { time, lostWrites = [] } = evidence
  const spans = evidence.spans.filter((span) => span.schedule === name).sort((a, b) => a.from - b.from)
  const entries = evidence.records.filter((entry) => entry.schedule === name)
  const due = dueBetween(schedule, evidence.fromMs, evidence.toMs)
  // What waits for its start, spread by its jitter, is forgotten with the rest.
  const forgettable = (at: number) =>
    evidence.dataLoss.some(({ fromMs, toMs }) => at + schedule.jitterMs >= fromMs && at <= toMs)
  // What an older memory does not know of may start, and be recorded, a second time.
  const isRewound = (at: number) =>
    evidence.dataLoss.some(({ fromMs, toMs, isRewound }) => isRewound === true && at >= fromMs && at <= toMs)
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
    // A worker claims a moment before the instant; a clock that is set back in this moment makes it early.
    const isSetBack = time.jumps.some(({ atMs, byMs }) => byMs < 0 && atMs <= span.from && span.from - atMs < AHEAD_MS)
    if (leadMs > CLOCK_TOLERANCE_MS && !isSetBack)
      report('early', `@${span.scheduledAt} started ${leadMs} ms before its instant`)
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
    const remembered = starts.filter((span) => !isWithin(lostWrites, span.from) && !isClaimLost(span, evidence))
    // Each attempt of a run that failed starts once.
    const isDoubled = new Set(remembered.map(({ attempt }) => attempt)).size < remembered.length
    if (schedule.onCrash === 'skip' && isDoubled && !isRewound(at)) report('doubled', tell())
    // The data loss removed the record of a running run, so no history entry and no rerun follows.
    const isOrphan = starts.some(({ to }) => {
      const untilMs = time.at(to) + evidence.leaseMs + TAKE_OVER_MS
      return evidence.dataLoss.some((loss) => untilMs >= loss.fromMs && time.at(to) <= loss.toMs)
    })
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
    const isExcused = (mine.length === 0 && (forgettable(at) || isOrphan)) || isRewound(at)
    if (mine.length !== 1 && !isExcused) report('unrecorded', tell())
    if (
      mine.some(({ outcome }) => outcome === 'skipped') &&
      remembered.length > 0 &&
      mine.length === 1 &&
      !isRewound(at)
    )
      report('unrecorded', `ran and is recorded as skipped ${tell()}`)
  }
  checkTogether(schedule, spans, evidence, report)
  checkFences(schedule, spans, evidence, report)
}

function isWithin(stretches: readonly { fromMs: number; toMs: number }[], at: number): boolean {
  return stretches.some(({ fromMs, toMs }) => at >= fromMs && at <= toMs)
}

/**
 * Whether a run started on a claim that Redis has lost before the start: by a flush, or by a replica that took over without
 * it. A worker claims a moment before the instant, and the reply may be late; Redis may give such an occurrence, or a lower
 * fence, once more. A fence is the time of its claim or later.
 */
function isClaimLost({ fence, from }: Pick<Span, 'fence' | 'from'>, evidence: Evidence): boolean {
  const { dataLoss, lostWrites = [], leaseMs, time } = evidence
  const startedAt = time.at(from)
  const isFlushed = dataLoss.some(
    ({ flushedAtMs }) =>
      flushedAtMs !== undefined &&
      fence < flushedAtMs &&
      startedAt >= flushedAtMs &&
      startedAt <= flushedAtMs + leaseMs,
  )
  return (
    isFlushed ||
    lostWrites.some(
      ({ fromMs, toMs }) => fence >= time.at(fromMs) && fence < time.at(toMs) && from >= toMs && from <= toMs + leaseMs,
    )
  )
}

function covers(entry: HistoryRecord, at: number): boolean {
  return entry.count > 1 ? at >= entry.scheduledAt && at <= entry.untilMs : entry.scheduledAt === at
}

/**
 * A clock that jumps forward ends leases before their time. Their holders notice it at the next extension, after a
 * third of the lease; until then other runs may start beside them, and not for longer. A holder without a reply gives a
 * lease up when the lease has ended by the holder's clock.
 */
function isEndedByJump(first: Span, second: Span, { time, leaseMs, repliesAreLate = false }: Evidence): boolean {
  const heardMs = repliesAreLate ? leaseMs : leaseMs / 2
  return time.jumps.some(
    ({ atMs, byMs }) => byMs >= leaseMs / 2 && atMs >= first.from && atMs <= second.from && first.to - atMs <= heardMs,
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
      if (isWithin(evidence.dataLoss, startedAt)) continue
      if (isEndedByJump(first, second, evidence) || isHeardAfterJump(second, evidence)) continue
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
  evidence: Evidence,
  report: (kind: 'fences', what: string) => void,
): void {
  const { lostWrites = [] } = evidence
  const seen = new Set<number>()
  let highest = -1
  for (const { id, fence, attempt, from } of spans) {
    if (attempt > 1 || isWithin(lostWrites, from) || isClaimLost({ fence, from }, evidence)) continue
    if (seen.has(fence)) report('fences', `${id} has fence ${fence}, which was given before`)
    // Under `allow` two processes may start what they claimed in any order.
    else if (overlap !== 'allow' && fence < highest && !isHeardAfterJump({ from }, evidence))
      report('fences', `${id} has fence ${fence} after ${highest}`)
    seen.add(fence)
    highest = Math.max(highest, fence)
  }
}

/** Whether a late reply to a claim whose lease a jump of the clock has ended may have started the run. */
function isHeardAfterJump({ from }: Pick<Span, 'from'>, { time, leaseMs, repliesAreLate = false }: Evidence): boolean {
  return (
    repliesAreLate && time.jumps.some(({ atMs, byMs }) => byMs >= leaseMs / 2 && from >= atMs && from - atMs <= leaseMs)
  )
}
