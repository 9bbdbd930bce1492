import type { Trigger } from '../time/trigger.js'
import type { Definition } from './definition.js'
import { DEFAULT_GRACE_MS, graceAt } from './misfire-grace.js'
import { delayOf, upcomingInstants } from './plan-text.js'
import { nthOccurrence, countOccurrences } from './count-occurrences.js'
import type { OccurrenceCount } from './count-occurrences.js'

/** Why an occurrence is skipped: by the misfire policy, as older than the catch-up window, as beyond `maxCatchUp`. */
export type MisfireReason = 'misfire' | 'catch-up-window' | 'catch-up-cap'

/** Most skipped occurrences that are listed one by one. */
export const MAX_DROPPED_LISTED = 100
/** Most on-time occurrences in one decision; the others follow in `next`. */
export const MAX_ON_TIME = 100

/** The situation of a schedule whose oldest unclaimed occurrence is due. */
export interface MisfireQuestion {
  readonly definition: Definition
  /** The oldest unclaimed nominal instant. */
  readonly pendingMs: number
  /** Redis time. */
  readonly nowMs: number
  /** The last claimed nominal instant, or null; no instant up to it becomes due again. */
  readonly lastMs: number | null
  /** Occurrences that `limit` still allows, runs and skipped ones alike; null or absent for no limit. */
  readonly remaining?: number | null
}

/** The skipped occurrences that are older than the listed ones. */
export interface SkippedRange {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
  /** The reason of most of these occurrences. */
  readonly reason: MisfireReason
  readonly counts: Readonly<Record<MisfireReason, number>>
}

/**
 * The decision about the due occurrences of a schedule. Each is in `run`, `skipped` or `skippedMore`, or
 * follows in `next`.
 */
export interface MisfireDecision {
  /** Nominal instants to run, in order of their claims: misfires that are caught up, then on-time occurrences. */
  readonly run: readonly number[]
  /**
   * Occurrences that the first of `run` makes up for, without its own (`misfire: latest`); they are in `skipped` or
   * `skippedMore` too.
   */
  readonly missed: number
  /** Whether the first of `run` is a misfire that is caught up. */
  readonly catchUp: boolean
  /** The newest skipped occurrences, in order, at most 100. */
  readonly skipped: readonly { readonly atMs: number; readonly reason: MisfireReason }[]
  readonly skippedMore: SkippedRange | null
  /**
   * The instants that follow, as many as a plan holds; when very many occurrences are due, the first ones are due
   * already.
   */
  readonly next: readonly number[]
  /**
   * False when too many occurrences were missed to count, so that `missed` and the count of `skippedMore` are lower
   * bounds.
   */
  readonly exact: boolean
}

/** The due occurrences between two instants, both included, divided by what the grace and the catch-up window allow. */
interface DueSpan {
  readonly firstMs: number
  /** The instant from which missed occurrences can be caught up. */
  readonly windowMs: number
  /** The instant from which occurrences are on time. */
  readonly onTimeMs: number
  readonly lastMs: number
}

/**
 * Decides which due occurrences run and which are skipped.
 *
 * An occurrence that has been due for at most the misfire grace is on time, and runs under every policy. Each other
 * occurrence is a misfire. If occurrences are so close that the grace is below its default, `latest` treats on-time
 * occurrences after a misfire as misfires too, so that one run is made. A misfire that is older than `catchUpWindowMs`
 * is skipped (`catch-up-window`). Of the others, `skip` skips all, `latest` all but the newest (`misfire`), and `all`
 * all but the newest `maxCatchUp` (`catch-up-cap`). With `jitter` an occurrence is due at its delayed start.
 *
 * The work is bounded, however long no worker claimed.
 */
export function decideMisfire(question: MisfireQuestion): MisfireDecision {
  const { definition, pendingMs, nowMs, lastMs, remaining = null } = question
  const { trigger } = definition
  const firstMs = trigger.next(Math.max(pendingMs, lastMs === null ? -Infinity : lastMs + 1) - 1)
  if (firstMs === null || remaining === 0) return decision({})
  const span = spanOf(definition, firstMs, nowMs, remaining)
  const keep = { skip: 0, latest: 1, all: definition.maxCatchUp }[definition.misfire]
  const tooOld = countOccurrences(trigger, firstMs, span.windowMs - 1, MAX_DROPPED_LISTED)
  const misfired = countOccurrences(trigger, span.windowMs, span.onTimeMs - 1, keep + MAX_DROPPED_LISTED)
  const keptCount = Math.min(keep, misfired.count)
  const kept = misfired.newest.slice(misfired.newest.length - keptCount)
  const onTime = trigger.between(span.onTimeMs - 1, span.lastMs, MAX_ON_TIME)
  const run = [...kept, ...onTime]
  const goneCount = run.length + tooOld.count + misfired.count - keptCount
  return decision({
    run,
    missed: definition.misfire === 'latest' && keptCount > 0 ? misfired.count - 1 : 0,
    catchUp: keptCount > 0,
    ...listSkipped(trigger, firstMs, [
      { counted: tooOld, keptCount: 0, reason: 'catch-up-window' },
      { counted: misfired, keptCount, reason: definition.misfire === 'all' ? 'catch-up-cap' : 'misfire' },
    ]),
    next: upcomingInstants(
      trigger,
      onTime.length === MAX_ON_TIME ? onTime.at(-1)! : Math.max(span.lastMs, firstMs - 1),
      {
        remaining: remaining === null ? null : Math.max(0, remaining - goneCount),
      },
    ),
    exact: tooOld.exact && misfired.exact,
  })
}

function spanOf(definition: Definition, firstMs: number, nowMs: number, remaining: number | null): DueSpan {
  const { trigger } = definition
  const limitMs = remaining === null ? null : nthOccurrence(trigger, firstMs, nowMs, remaining)
  const lastMs = Math.min(lastDueMs(definition, nowMs), limitMs ?? Infinity)
  const clamp = (atMs: number) => Math.min(Math.max(atMs, firstMs), lastMs + 1)
  const graceMs = graceAt(definition, firstMs)
  const graceEdgeMs = clamp(firstOnTimeMs(definition, nowMs, graceMs))
  const isShort = definition.misfireGraceMs === null && graceMs < DEFAULT_GRACE_MS
  const isOneForAll = isShort && definition.misfire === 'latest'
  const onTimeMs = isOneForAll && graceEdgeMs > firstMs ? lastMs + 1 : graceEdgeMs
  return { firstMs, windowMs: Math.min(clamp(nowMs - definition.catchUpWindowMs), onTimeMs), onTimeMs, lastMs }
}

/**
 * The instant after which no occurrence is due. Only the newest one can be delayed beyond now, because a delay ends
 * before the next occurrence.
 */
function lastDueMs(definition: Definition, nowMs: number): number {
  if (definition.jitterMs === 0) return nowMs
  const newestMs = definition.trigger.previous(nowMs + 1)
  return newestMs !== null && newestMs + delayOf(definition, newestMs) > nowMs ? newestMs - 1 : nowMs
}

/**
 * The instant from which no occurrence is a misfire. A delay can make an occurrence that is nominally too late on time.
 */
function firstOnTimeMs(definition: Definition, nowMs: number, graceMs: number): number {
  const edgeMs = nowMs - graceMs
  if (definition.jitterMs === 0) return edgeMs
  const beforeMs = definition.trigger.previous(edgeMs)
  return beforeMs !== null && beforeMs + delayOf(definition, beforeMs) >= edgeMs ? beforeMs : edgeMs
}

/** Lists the skipped occurrences of both parts: the newest one by one, the others as one range. */
function listSkipped(
  trigger: Trigger,
  firstMs: number,
  parts: readonly { counted: OccurrenceCount; keptCount: number; reason: MisfireReason }[],
): Pick<MisfireDecision, 'skipped' | 'skippedMore'> {
  const skipped = parts
    .flatMap(({ counted, keptCount, reason }) =>
      counted.newest.slice(0, counted.newest.length - keptCount).map((atMs) => ({ atMs, reason })),
    )
    .slice(-MAX_DROPPED_LISTED)
  const counts: Record<MisfireReason, number> = { misfire: 0, 'catch-up-window': 0, 'catch-up-cap': 0 }
  for (const { counted, keptCount, reason } of parts) counts[reason] += counted.count - keptCount
  for (const { reason } of skipped) counts[reason]--
  const count = counts.misfire + counts['catch-up-window'] + counts['catch-up-cap']
  const toMs = count === 0 ? null : trigger.previous(skipped[0]!.atMs)
  if (toMs === null) return { skipped, skippedMore: null }
  const reasons = Object.keys(counts) as MisfireReason[]
  const reason = reasons.reduce((most, candidate) => (counts[candidate] > counts[most] ? candidate : most))
  return { skipped, skippedMore: { count, fromMs: firstMs, toMs, reason, counts } }
}

function decision(parts: Partial<MisfireDecision>): MisfireDecision {
  return { run: [], missed: 0, catchUp: false, skipped: [], skippedMore: null, next: [], exact: true, ...parts }
}
