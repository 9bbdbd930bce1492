import type { HistoryEntry } from '../../index.js'

/** The name of an occurrence in a verdict: the schedule and the instant. */
export type OccurrenceName = `${string} ${string}`

/** The expected occurrences of one schedule, by its definitions alone, and the history that the engine recorded. */
export interface ScheduleRecord {
  readonly name: string
  /** Instants that must have run exactly once, epoch ms. */
  readonly due: readonly number[]
  /** Instants that may have run, at most once: those around a change. */
  readonly optional: readonly number[]
  /** The whole history; entries outside the window are ignored. */
  readonly history: readonly HistoryEntry[]
}

/** The start of a handler, as its process reported it. */
export interface HandlerStart {
  readonly schedule: string
  readonly scheduledAt: number
  readonly worker: string
}

/** The facts on which a verdict is based. */
export interface Evidence {
  readonly schedules: readonly ScheduleRecord[]
  readonly starts: readonly HandlerStart[]
  /** The killed workers, whose started runs had to start again on another worker. */
  readonly killed: ReadonlySet<string>
  /** The window (fromMs, toMs]; entries and starts outside are ignored. */
  readonly window: { readonly fromMs: number; readonly toMs: number }
}

/** The result of a demo. */
export interface Verdict {
  readonly due: number
  readonly run: number
  /** Occurrences that started on two workers although none of these was killed, or that were recorded twice. */
  readonly doubled: readonly OccurrenceName[]
  /** Occurrences that were due and did not succeed. */
  readonly lost: readonly OccurrenceName[]
  /** Occurrences that ran although they were not due: too early, by an old rule, or by none. */
  readonly unexpected: readonly OccurrenceName[]
  /** Occurrences that a killed worker had started and another worker ran. */
  readonly takenOver: readonly OccurrenceName[]
  /** The lateness of the runs that were not taken over; null for none. */
  readonly latenessMs: { readonly p50: number; readonly p99: number } | null
  readonly passed: boolean
}

/**
 * Compares the due occurrences with the history and the starts. An occurrence counts as run when its history entry is
 * `ok`.
 */
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

/** The name of an occurrence, such as `slow 2026-03-08T07:00:00.000Z`. */
export function nameOccurrence(schedule: string, atMs: number): OccurrenceName {
  return `${schedule} ${new Date(atMs).toISOString()}`
}

/** The value below which a share of the sorted values lies (nearest rank). */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))]!
}

// A run that a killed worker started may start once more on another worker, unless it was recorded before the worker
// died.
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
