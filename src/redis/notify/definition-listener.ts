/** Tells of definitions that anybody writes, as it happens. */
export interface Watch {
  /** A heartbeat was sent at this instant of the monotonic clock and answered: its word has to be heard here soon. */
  expectSign(sentAt: number): void
  stop(): Promise<void>
}
