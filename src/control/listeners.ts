/** What is told of edits of schedules, wherever they are made. */
export interface ScheduleListener {
  /**
   * Schedules were written, paused, resumed or removed, or were taken in after an edit by a plain Redis command. The message
   * does not say what changed: `schedules.get` does.
   *
   * @param names of one message, each once
   */
  onChange(names: readonly string[]): void
  /** Messages may have been missed: the connection was lost, and is back. What was known has to be read anew. */
  onGap?(): void
}

/** A subscription to the edits of schedules. */
export interface ScheduleWatch {
  /** Ends the subscription and closes its connection; a second call does nothing. Never rejects. */
  close(): Promise<void>
}
