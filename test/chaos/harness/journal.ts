import { readFileSync } from 'node:fs'

/** One line that a handler wrote to the file of its process; `at` is the machine's monotonic clock, ms. */
export interface JournalLine {
  what: 'start' | 'end' | 'stopped' | 'abort' | 'block' | 'unblock'
  at: number
  schedule: string
  scheduledAt: number
  id: string
  fence: number
  attempt: number
  worker: string
  ms?: number
}

/** One start of a handler, until its end or until it could not continue. */
export interface Span {
  readonly process: number
  readonly schedule: string
  readonly scheduledAt: number
  readonly id: string
  readonly fence: number
  readonly attempt: number
  readonly from: number
  /** Its end, or when its signal aborted, its process died, or was frozen for longer than a lease. */
  readonly to: number
  readonly isDone: boolean
}

/** What the injector did to a process, on the monotonic clock. */
export interface ProcessFate {
  readonly diedAt: number | null
  /** Times at which nothing of the process ran. */
  readonly frozen: readonly { from: number; to: number }[]
}

/** The monotonic clock of the machine, ms, the same in every process. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

/** Reads the journal of a process; skips a line that the death of the process cut short. */
export function readJournal(file: string): JournalLine[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalLine]
    } catch {
      return []
    }
  })
}

/**
 * Turns a journal into spans. A handler that was frozen for longer than its lease has no right to continue, and its
 * signal says so; its work between waking up and reading the signal does not count as a run beside another.
 */
export function toSpans(
  process: number,
  lines: readonly JournalLine[],
  fate: ProcessFate,
  { leaseMs, keepsLeases }: { leaseMs: number; keepsLeases: boolean },
): Span[] {
  const stops = fate.frozen.filter(({ from, to }) => to - from > leaseMs * 0.8).map(({ from }) => from)
  for (const line of lines)
    if (!keepsLeases && line.what === 'block' && (line.ms ?? 0) > leaseMs * 0.8) stops.push(line.at)
  return lines
    .filter(({ what }) => what === 'start')
    .map((start) => {
      const mine = lines.filter(
        (line) => line.id === start.id && line.fence === start.fence && line.at >= start.at && line !== start,
      )
      const ends = mine.filter(({ what }) => ['end', 'stopped', 'abort'].includes(what)).map(({ at }) => at)
      const from = start.at
      const halts = [...ends, ...stops.filter((at) => at >= from), fate.diedAt ?? Number.POSITIVE_INFINITY]
      const { schedule, scheduledAt, id, fence, attempt } = start
      const isDone = mine.some(({ what }) => what === 'end')
      return { process, schedule, scheduledAt, id, fence, attempt, from, to: Math.min(...halts), isDone }
    })
}
