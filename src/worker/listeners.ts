/** The messages of the fleet channel, as a worker receives them. */
export interface FleetListener {
  /** What is due next on a shard: the instant (null for nothing), and how many schedules share it. */
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
  /** A generation was named: Redis was flushed, or the server is another one, or the message is of another database. */
  onGeneration(shard: number, generation: string): void
  /** The layout or the number of shards was changed. */
  onLayout(): void
  /** A message has a verb that this version does not know: the shard has to be polled. */
  onUnknown(shard: number): void
  /** The subscription was made, for the first time or again: messages before it may be missed. */
  onSubscribed(): void
}

/** The reports of the definition watch, as a worker receives them. */
export interface DefinitionListener {
  /** A definition was written or removed; the report does not say which. */
  onDefinition(shard: number, schedule: string): void
  /** A database of the server was flushed. */
  onFlush(): void
  /** Whether the watch reports edits from now on. Edits made before have to be searched. */
  onWatching(isWatching: boolean): void
}
