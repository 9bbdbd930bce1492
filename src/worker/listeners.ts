/** The messages of the fleet channel, as a worker receives them. */
export interface FleetListener {
  /** The next due of a shard changed: the instant (null for none), and the number of schedules that share it. */
  onNextDue(shard: number, dueMs: number | null, dueCount: number): void
  /** Work of a task was parked: the worker that claimed had no capacity for it. */
  onParked(shard: number, pool: string, task: string): void
  /** Definitions were written or removed. */
  onChanged(shard: number, schedules: readonly string[]): void
  /** A run of the given worker is cancelled or replaced. */
  onCancel(workerId: string, kind: string, runId: string): void
  /** A worker with older time-zone data asks the given worker to plan a schedule. */
  onPlanRequest(shard: number, workerId: string, schedule: string): void
  /** A worker joined; `size` is the number of workers now. */
  onJoined(workerId: string, size: number): void
  /** A worker left the fleet. */
  onLeft(workerId: string): void
  /** A generation was announced: Redis was flushed, the server was replaced, or the message is of another database. */
  onGeneration(shard: number, generation: string): void
  /** The layout or the number of shards was changed. */
  onLayout(): void
  /** A message has an unknown verb, so the shard has to be polled. */
  onUnknown(shard: number): void
  /** The subscription was made, for the first time or again: earlier messages may be lost. */
  onSubscribed(): void
}

/** The reports of the definition watch, as a worker receives them. */
export interface DefinitionListener {
  /** A definition was written or removed; the report does not tell which of both. */
  onDefinition(shard: number, schedule: string): void
  /** A database of the server was flushed. */
  onFlush(): void
  /** The watch began or ceased to report edits. Edits from before its begin have to be searched. */
  onWatching(isWatching: boolean): void
}
