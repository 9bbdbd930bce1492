import type { HistoryEntry } from '../../index.js'

/** An instant of one schedule, as text: how occurrences are named in a verdict. */
export type OccurrenceName = `${string} ${string}`

/** What one schedule expected, by its definitions alone, and what the engine recorded. */
export interface ScheduleRecord {
  readonly name: string
  /** Instants that must have run exactly once, epoch ms. */
  readonly due: readonly number[]
  /** Instants that may have run, at most once: those around a change. */
  readonly optional: readonly number[]
  /** The whole history; entries outside the window are left out of account. */
  readonly history: readonly HistoryEntry[]
}

/** The start of a handler, as its process told it. */
export interface HandlerStart {
  readonly schedule: string
  readonly scheduledAt: number
  readonly worker: string
}

/** Everything a verdict rests on. */
export interface Evidence {
  readonly schedules: readonly ScheduleRecord[]
  readonly starts: readonly HandlerStart[]
  /** Workers that were killed: what they had begun had to begin again elsewhere. */
  readonly killed: ReadonlySet<string>
  /** Entries and starts outside of (fromMs, toMs] are of no interest. */
  readonly window: { readonly fromMs: number; readonly toMs: number }
}

/** What the demo found. */
export interface Verdict {
  readonly due: number
  readonly run: number
  /** Occurrences that began on two workers of which none was killed, or that were recorded twice. */
  readonly doubled: readonly OccurrenceName[]
  /** Occurrences that were due and did not end well. */
  readonly lost: readonly OccurrenceName[]
  /** Occurrences that ran and were not due: early, late by an old rule, or invented. */
  readonly unexpected: readonly OccurrenceName[]
  /** Occurrences that a killed worker had begun and another one ran. */
  readonly takenOver: readonly OccurrenceName[]
  /** Over the runs that were not taken over; null when there are none. */
  readonly latenessMs: { readonly p50: number; readonly p99: number } | null
  readonly passed: boolean
}

/** Compares what was due with what happened. Pure; an occurrence counts as run when its history says `ok`. */
export function decideVerdict({ schedules, starts, killed, window }: Evidence): Verdict {
  const doubled: OccurrenceName[] = []
  const lost: OccurrenceName[] = []
  const unexpected: OccurrenceName[] = []
  const takenOver: OccurrenceName[] = []
  const latenesses: number[] = []
  let due = 0
  let run = 0
  const isInside = (atMs: number) => atMs > window.fromMs && atMs <= window.toMs
  for (const { name, due: dueInstants, optional, history } of schedules) {
    const expected = new Set(dueInstants.filter(isInside))
    const allowed = new Set([...expected, ...optional])
    const entries = groupByInstant(history, (entry) => entry.scheduledAt.getTime())
    const begun = groupByInstant(
      starts.filter((start) => start.schedule === name),
      (start) => start.scheduledAt,
    )
    due += expected.size
    for (const atMs of new Set([...expected, ...[...entries.keys(), ...begun.keys()].filter(isInside)])) {
      const occurrence = nameOccurrence(name, atMs)
      const recorded = entries.get(atMs) ?? []
      const workers = (begun.get(atMs) ?? []).map((start) => start.worker)
      const succeeded = recorded.filter((entry) => entry.outcome === 'ok')
      const isTakenOver = workers.some((worker) => killed.has(worker)) && workers.some((worker) => !killed.has(worker))
      if (!allowed.has(atMs) && (succeeded.length > 0 || workers.length > 0)) unexpected.push(occurrence)
      if (expected.has(atMs) && succeeded.length === 0) lost.push(occurrence)
      if (expected.has(atMs) && succeeded.length > 0) run += 1
      if (isDoubled(succeeded, workers, killed)) doubled.push(occurrence)
      else if (isTakenOver) takenOver.push(occurrence)
      else latenesses.push(...succeeded.flatMap((entry) => entry.latenessMs ?? []))
    }
  }
  const passed = doubled.length + lost.length + unexpected.length === 0
  return { due, run, doubled, lost, unexpected, takenOver, latenessMs: summarise(latenesses), passed }
}

/** How a verdict names an occurrence: `slow 2026-03-08T07:00:00.000Z`. */
export function nameOccurrence(schedule: string, atMs: number): OccurrenceName {
  return `${schedule} ${new Date(atMs).toISOString()}`
}

/** The value below which a share of the sorted values lies (nearest rank). */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))]!
}

// A run that a killed worker began counts once more elsewhere, unless it had been recorded before the worker died.
function isDoubled(
  succeeded: readonly HistoryEntry[],
  workers: readonly string[],
  killed: ReadonlySet<string>,
): boolean {
  if (succeeded.length > 1) return true
  const elsewhere = workers.filter((worker) => !killed.has(worker)).length
  if (elsewhere > 1) return true
  const recordedBy = succeeded[0]?.worker
  return elsewhere > 0 && recordedBy !== undefined && killed.has(recordedBy)
}

function groupByInstant<Item>(items: readonly Item[], instantOf: (item: Item) => number): Map<number, Item[]> {
  const groups = new Map<number, Item[]>()
  for (const item of items) {
    const atMs = instantOf(item)
    const group = groups.get(atMs)
    if (group) group.push(item)
    else groups.set(atMs, [item])
  }
  return groups
}

function summarise(latenesses: number[]): Verdict['latenessMs'] {
  if (latenesses.length === 0) return null
  const sorted = latenesses.sort((first, second) => first - second)
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}
