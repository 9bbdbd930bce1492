import { describe, type HistoryEntry, type ScheduleView } from '../index.js'
import type { Redaction } from './redaction.js'

/** One mark of a strip, with its look and its text. */
export interface StripMark {
  readonly at: Date
  readonly outcome: HistoryEntry['outcome']
  readonly runId: string
  readonly reason?: string
  readonly latenessMs?: number
  readonly durationMs?: number
  /** Above 1: the mark represents this number of neighbouring occurrences. */
  readonly count?: number
}

/** The marks of a history, oldest first, in the order of a strip. */
export function toStrip(history: readonly HistoryEntry[]): StripMark[] {
  return history
    .map(({ scheduledAt, outcome, runId, reason, latenessMs, durationMs, count }) => ({
      at: scheduledAt,
      outcome,
      runId,
      ...(reason === undefined ? {} : { reason }),
      ...(latenessMs === undefined ? {} : { latenessMs }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(count === undefined ? {} : { count }),
    }))
    .reverse()
}

/** A schedule with its payload without secrets. */
export function withoutSecrets(view: ScheduleView, redaction: Redaction): ScheduleView {
  const shown = redaction.definition(view, view.name)
  return view.given ? { ...shown, given: redaction.definition(view.given, view.name) } : shown
}

/** A schedule as its own page shows it: without secrets, and with its trigger in words. */
export function toShown(view: ScheduleView, redaction: Redaction): ScheduleView & { words: string | null } {
  let words: string | null = null
  try {
    if (view.given) words = describe(view.given, view.name)
  } catch {
    // An invalid definition has no words.
  }
  return { ...withoutSecrets(view, redaction), words }
}
