/** Reports each write of a definition by any program, at once. */
export interface Watch {
  /** Expects the echo of an answered heartbeat that was sent at this instant of the monotonic clock, ms. */
  expectEcho(sentAt: number): void
  /** Ends the watch and closes its connections. */
  stop(): Promise<void>
}
