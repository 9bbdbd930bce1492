/** Reports each write of a definition, by whatever program, as it happens. */
export interface Watch {
  /** A heartbeat was sent at this instant of the monotonic clock and answered: its echo has to arrive here soon. */
  expectEcho(sentAt: number): void
  /** Ends the watch and closes its connections. */
  stop(): Promise<void>
}
