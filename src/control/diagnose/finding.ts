/** What one check found. */
export interface Finding {
  /**
   * `server`, `latency`, `eviction`, `memory`, `persistence`, `rewind`, `edits`, `timeout`, `layout`, `workers`, `clocks`, `versions`,
   * `time-zone-data`, `schedules`, `invalid`, `state`, `unserved`, `overdue`, `unreachable`.
   */
  check: string
  /** `problem`: something does not run, or may be lost, because of it; `warning`: it works, and could be better. */
  level: 'ok' | 'warning' | 'problem'
  /** What was found, in plain words. */
  message: string
  /** Why it matters. */
  why?: string
  /** What to do. */
  advice?: string
}
