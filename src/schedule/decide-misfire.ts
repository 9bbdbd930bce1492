import type { Trigger } from '../time/trigger.js'
import type { Definition } from './definition.js'
import { DEFAULT_GRACE_MS, graceAt } from './misfire-grace.js'
import { delayOf, upcomingInstants } from './plan-text.js'
import { nthOccurrence, countOccurrences } from './count-occurrences.js'
import type { OccurrenceCount } from './count-occurrences.js'

/** Why an occurrence was not run: by the misfire policy, too old for the catch-up window, beyond `maxCatchUp`. */
export type DropReason = 'misfire' | 'catch-up-window' | 'catch-up-cap'

/** The largest number of dropped occurrences that are listed one by one. */
export const MAX_DROPPED_LISTED = 100
/** The largest number of on-time occurrences in one decision; the others follow in `next`. */
export const MAX_ON_TIME = 100

/** The situation of a schedule whose oldest unclaimed occurrence is due. */
export interface MisfireQuestion {
  readonly definition: Definition
  /** The oldest unclaimed nominal instant. */
  readonly pendingMs: number
  /** Redis time. */
  readonly nowMs: number
  /** The last claimed nominal instant, or null; nothing at or before it comes due again. */
  readonly lastMs: number | null
  /** Occurrences that `limit` still allows, run and dropped alike; null and left out mean no limit. */
  readonly remaining?: number | null
}

/** Dropped occurrences beyond those that are listed, all older than these. */
export interface DroppedRange {
  readonly count: number
  readonly fromMs: number
  readonly toMs: number
  /** The reason of most of them. */
  readonly reason: DropReason
  readonly counts: Readonly<Record<DropReason, number>>
}

/** What to do with the occurrences of a schedule that are due. Each is in `run`, `dropped` or `droppedMore`, or still to come in `next`. */
export interface MisfireDecision {
  /** Nominal instants to run, in order, the first to be claimed next: misfires that are caught up, then what is on time. */
  readonly run: readonly number[]
  /** Occurrences that the first of `run` makes up for beyond its own (`misfire: latest`); they are among the dropped. */
  readonly missed: number
  /** Whether the first of `run` is a misfire that is caught up. */
  readonly catchUp: boolean
  /** The newest dropped occurrences, in order, at most 100. */
  readonly dropped: readonly { readonly atMs: number; readonly reason: DropReason }[]
  readonly droppedMore: DroppedRange | null
  /** The instants that follow, as many as belong into a plan; the first may be due already when very many are. */
  readonly next: readonly number[]
  /** False when so many were missed that `missed` and the counts of `droppedMore` are lower bounds. */
  readonly exact: boolean
}

/** The due occurrences between two instants, both included, split at what is on time and what can be caught up. */
interface DueSpan {
  readonly firstMs: number
  /** From here on missed occurrences can be caught up. */
  readonly windowMs: number
  /** From here on occurrences are on time. */
  readonly onTimeMs: number
  readonly lastMs: number
}

/**
 * Decides which of the occurrences that are due run and which are dropped.
 *
 * An occurrence that is due since at most the misfire grace is on time: all of these run, whatever the policy. The others
 * are misfires; where occurrences are so close that the grace is below its default, `latest` counts what is on
 * time behind a misfire among them, so that one run is made. One that is older than `catchUpWindowMs` is dropped (`catch-up-window`). Of the rest `skip` drops all
 * and `latest` all but the newest (`misfire`), and `all` keeps the newest `maxCatchUp` (the rest: `catch-up-cap`).
 * With `jitter` an occurrence is due at its delayed start.
 *
 * The work is bounded however long no worker claimed anything.
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
    ...listDropped(trigger, firstMs, [
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

/** No occurrence after this is due. Only the newest can be delayed beyond now: a delay ends before the next one. */
function lastDueMs(definition: Definition, nowMs: number): number {
  if (definition.jitterMs === 0) return nowMs
  const newestMs = definition.trigger.previous(nowMs + 1)
  return newestMs !== null && newestMs + delayOf(definition, newestMs) > nowMs ? newestMs - 1 : nowMs
}

/** No occurrence from here on is a misfire; by its delay one that is nominally too late can still be on time. */
function firstOnTimeMs(definition: Definition, nowMs: number, graceMs: number): number {
  const edgeMs = nowMs - graceMs
  if (definition.jitterMs === 0) return edgeMs
  const beforeMs = definition.trigger.previous(edgeMs)
  return beforeMs !== null && beforeMs + delayOf(definition, beforeMs) >= edgeMs ? beforeMs : edgeMs
}

/** The dropped occurrences of both parts: the newest one by one, the rest as one range. */
function listDropped(
  trigger: Trigger,
  firstMs: number,
  parts: readonly { counted: OccurrenceCount; keptCount: number; reason: DropReason }[],
): Pick<MisfireDecision, 'dropped' | 'droppedMore'> {
  const dropped = parts
    .flatMap(({ counted, keptCount, reason }) =>
      counted.newest.slice(0, counted.newest.length - keptCount).map((atMs) => ({ atMs, reason })),
    )
    .slice(-MAX_DROPPED_LISTED)
  const counts: Record<DropReason, number> = { misfire: 0, 'catch-up-window': 0, 'catch-up-cap': 0 }
  for (const { counted, keptCount, reason } of parts) counts[reason] += counted.count - keptCount
  for (const { reason } of dropped) counts[reason]--
  const count = counts.misfire + counts['catch-up-window'] + counts['catch-up-cap']
  const toMs = count === 0 ? null : trigger.previous(dropped[0]!.atMs)
  if (toMs === null) return { dropped, droppedMore: null }
  const reasons = Object.keys(counts) as DropReason[]
  const reason = reasons.reduce((most, candidate) => (counts[candidate] > counts[most] ? candidate : most))
  return { dropped, droppedMore: { count, fromMs: firstMs, toMs, reason, counts } }
}

function decision(parts: Partial<MisfireDecision>): MisfireDecision {
  return { run: [], missed: 0, catchUp: false, dropped: [], droppedMore: null, next: [], exact: true, ...parts }
}
