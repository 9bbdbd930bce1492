/** What one check found. */
export interface Finding {
  /**
   * `server`, `latency`, `eviction`, `memory`, `persistence`, `rewind`, `edits`, `timeout`, `layout`, `workers`, `clocks`, `versions`,
   * `time-zone-data`, `schedules`, `invalid`, `state`, `unserved`, `overdue`, `unreachable`.
   */
  check: string
  /** `problem`: schedules do not run, or data may be lost; `warning`: the fleet works, with a risk or a cost. */
  level: 'ok' | 'warning' | 'problem'
  /** The fact that was found, as a sentence. */
  message: string
  /** The consequence. */
  why?: string
  /** The remedy. */
  advice?: string
}
