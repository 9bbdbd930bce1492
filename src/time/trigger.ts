/**
 * A rule that gives instants. Instants are epoch milliseconds, UTC. All four functions are pure: workers with the same
 * time-zone data get the same answers, independent of earlier calls. `start`, `end`, `exclude` and `skipNext` are
 * already applied; `limit` and `jitter` are not (`limit` belongs to the state, `jitter` to the start of a run).
 */
export interface Trigger {
  readonly kind: 'cron' | 'every' | 'at' | 'rrule' | 'solar'
  /**
   * Canonical text of all fields that decide the instants. Definitions with the same text have the same occurrences, so
   * an edit that does not change the text must not move the schedule.
   */
  readonly text: string
  /**
   * Set only when the occurrences are exactly `k × periodMs + phaseMs` for every integer k, without end, exclusion or
   * other exception: then Redis can continue the plan by itself.
   */
  readonly arithmetic?: { readonly periodMs: number; readonly phaseMs: number }
  /**
   * Number of exclusions that each step checks; absent for none. A caller that steps far takes fewer steps for more
   * exclusions.
   */
  readonly exclusionCount?: number
  /** The first occurrence strictly after the instant, or null for none. */
  next(afterMs: number): number | null
  /** The last occurrence strictly before the instant, or null for none. */
  previous(beforeMs: number): number | null
  /** Occurrences in (fromMs, toMs], in order, at most `limit`. */
  between(fromMs: number, toMs: number, limit: number): number[]
  /** Whether the instant is an occurrence. */
  matches(atMs: number): boolean
}
