import type { HistoryEntry } from '../../src/index.js'

/** A stretch of time in which a schedule has the occurrences of one period, by the clock that it was written with. */
export interface Stretch {
  readonly periodMs: number
  /** The write that begins it was sent, and answered. */
  readonly from: readonly [sentMs: number, answeredMs: number]
  /** The write that ends it. */
  readonly to: readonly [sentMs: number, answeredMs: number]
}

/** Around a write nobody can say on which side of it an occurrence fell; a claim may be a moment early. */
const TOLERANCE_MS = 25

/** What the ledger must and may hold: occurrences that are certain, and those at the edges of a stretch. */
export function expectedOccurrences(stretches: readonly Stretch[]): { certain: Set<number>; possible: Set<number> } {
  const certain = new Set<number>()
  const possible = new Set<number>()
  for (const { periodMs, from, to } of stretches) {
    const first = Math.ceil((from[0] - TOLERANCE_MS) / periodMs) * periodMs
    for (let at = first; at <= to[1] + TOLERANCE_MS; at += periodMs) {
      possible.add(at)
      if (at > from[1] + TOLERANCE_MS && at < to[0] - TOLERANCE_MS) certain.add(at)
    }
  }
  return { certain, possible }
}

/** Holds a ledger against what is expected; every line of the answer is a fault. */
export function findFaults(history: readonly HistoryEntry[], stretches: readonly Stretch[]): string[] {
  const { certain, possible } = expectedOccurrences(stretches)
  const faults: string[] = []
  const seen = new Map<number, string>()
  const note = (at: number, what: string): void => {
    if (seen.has(at)) faults.push(`${at} is there twice: ${seen.get(at)} and ${what}`)
    if (!possible.has(at)) faults.push(`${at} was never due: ${what}`)
    seen.set(at, what)
  }
  for (const { scheduledAt, outcome, reason, runId, count = 1, until } of history) {
    // Asked for by hand or backfilled: beside the occurrences.
    if (/#\d+$/.test(runId)) continue
    const at = scheduledAt.getTime()
    const what = `${outcome} ${reason ?? ''}`.trim()
    if (count === 1) {
      note(at, what)
      continue
    }
    const end = until!.getTime()
    const periods = stretches.map(({ periodMs }) => periodMs).filter((periodMs) => (end - at) / periodMs === count - 1)
    if (periods.length === 0) faults.push(`${count} from ${at} to ${end} fit no period: ${what}`)
    else for (let each = at; each <= end; each += periods[0]!) note(each, what)
  }
  for (const at of certain) if (!seen.has(at)) faults.push(`${at} is not accounted for`)
  return faults
}
