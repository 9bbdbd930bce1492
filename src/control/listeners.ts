/** The functions that are called about edits of schedules by any instance or plain command. */
export interface ScheduleListener {
  /**
   * Called after schedules were written, paused, resumed or removed, or after a worker noticed an edit by a plain Redis
   * command. The change itself is not in the call: read it with `schedules.get`.
   *
   * @param names the names of the edited schedules, each once
   */
  onChange(names: readonly string[]): void
  /**
   * Called after the connection was lost and restored: messages may be missing, so everything that was read before has
   * to be read again.
   */
  onGap?(): void
}

/** A subscription to the edits of schedules. */
export interface ScheduleWatch {
  /** Ends the subscription and closes its connection; a second call does nothing. Never rejects. */
  close(): Promise<void>
}
