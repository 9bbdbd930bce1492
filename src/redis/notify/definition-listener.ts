/** Tells of definitions that anybody writes, as it happens. */
export interface Watch {
  /** A heartbeat was sent at this instant of the monotonic clock and answered: its word has to be heard here soon. */
  expectSign(sentAt: number): void
  stop(): Promise<void>
}

/** Whoever wants to know of edits. */
export interface WatchListener {
  /** Somebody wrote or removed the definition of a schedule; not what, nor whether it was Everybeat. */
  onDefinition(shard: number, schedule: string): void
  /** The whole memory was flushed. */
  onFlush(): void
  /** Whether edits are seen from now on; what came before has to be looked for. */
  onWatching(watching: boolean): void
}
