/**
 * A rule that gives instants. Instants are epoch milliseconds, UTC. All four functions are pure: the same answer on
 * every worker that has the same time-zone data, whatever was asked before. `start`, `end`, `exclude` and `skipNext`
 * are already applied; `limit` and `jitter` are not (they belong to the engine's state and to the start of a run).
 */
export interface Trigger {
  readonly kind: 'cron' | 'every' | 'at' | 'rrule' | 'solar'
  /**
   * Canonical text of everything that decides the instants. Two definitions with the same text have the same
   * occurrences, so an edit that leaves the text alone must not move the schedule.
   */
  readonly text: string
  /**
   * Set only when the occurrences are exactly `k × periodMs + phaseMs` for every integer k, without end, exclusion or
   * any other exception from now on: then Redis can step the schedule by itself.
   */
  readonly arithmetic?: { readonly periodMs: number; readonly phaseMs: number }
  /** How many exclusions each step looks at; left out for none. Who steps far steps less far for more of them. */
  readonly exclusionCount?: number
  /** The first occurrence strictly after the instant, or null when there is none. */
  next(afterMs: number): number | null
  /** The last occurrence strictly before the instant, or null when there is none. */
  previous(beforeMs: number): number | null
  /** Occurrences in (fromMs, toMs], in order, at most `limit`. */
  between(fromMs: number, toMs: number, limit: number): number[]
  /** Whether the instant is an occurrence. */
  matches(atMs: number): boolean
}
