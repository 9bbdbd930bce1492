import type { ChangeKind, Editor, StoredChanges } from '../schedule/stored-change.js'
import type { DefinitionFields } from '../schedule/definition.js'
import type { RecordedRun } from '../schedule/stored-run.js'
import type { PlanChange, StoredSchedule } from '../schedule/stored-schedule.js'

/** A definition to write, with the plan that is stored if its trigger is new. */
export interface DefinitionWrite {
  readonly name: string
  readonly fields: DefinitionFields
  readonly trigger: string
  readonly plan: string
  /** Whether instants of the plan may lie in the past (`at`). */
  readonly mayBePast: boolean
  readonly periodMs: number | null
  readonly graceMs: number | null
  readonly removalMs: number | null
  readonly ifRevision: number | null
  readonly ifDigest: string | null
  /** Whether the due occurrences of the former trigger were closed as far as possible. */
  readonly isClosed: boolean
  /** The declaration to store, and the one that must be stored now; null to leave it unchanged. */
  readonly declaration: { readonly expected: string; readonly text: string } | null
  /** The editor, for the change list. */
  readonly editor: Editor
  readonly kind: ChangeKind
  readonly conflicts: readonly string[]
}

/**
 * The reply to a write. `conflict`: the schedule does not have the expected revision; `overdue`: the due occurrences of
 * the former trigger have to be closed first. In both cases nothing was written.
 */
export interface PutReply {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'overdue'
  readonly revision: number
}

/** A pause to write. */
export interface PauseWrite {
  /** The reason; empty for none. */
  readonly note: string
  /** When the schedule resumes by itself, epoch ms; null for never. */
  readonly untilMs: number | null
  readonly editor: Editor
  /** Does not change a schedule that is paused already. */
  readonly ifActive: boolean
}

/** A running or waiting run, as it is stored in the state of its schedule. */
export interface StoredRun {
  readonly runId: string
  readonly schedule: string
  readonly run: RecordedRun
  readonly dueMs: number
  readonly running: boolean
}

/** The facts, beside definition and state, that delay the next run of a schedule. */
export interface Situation {
  /** The lease of the schedule: its holder and its remaining time; null for none. */
  readonly lease: { readonly worker: string; readonly leftMs: number } | null
  /** When a worker looks at the schedule next; null when only an edit or a call makes one do so. */
  readonly dueMs: number | null
  /** Whether it is due and parked. */
  readonly isAside: boolean
  readonly backfillsWaiting: number
  /** Runs that count for the fleet-wide limit of its task. */
  readonly busyCount: number
}

/** Facts about a server; null for a fact that the Redis user may not read. */
export interface ServerFacts {
  readonly version: string | null
  readonly isReplica: boolean
  readonly isCluster: boolean
  /** Time of a round trip. */
  readonly latencyMs: { readonly medianMs: number; readonly worstMs: number }
  readonly evictionPolicy: string | null
  /** Limit of memory, bytes; 0 for none. */
  readonly maxMemory: number | null
  readonly usedMemory: number | null
  readonly appendOnly: boolean | null
  readonly snapshots: boolean | null
  readonly lastSaveFailed: boolean
  /** Whether key tracking can report edits by plain commands. */
  readonly tracking: { readonly allowed: true } | { readonly allowed: false; readonly why: string }
  /** The features that the scripts need and that the server refuses. */
  readonly refused: readonly {
    readonly what: string
    readonly isEssential: boolean
    readonly why: string
    readonly advice: string
    readonly answer: string
  }[]
  /** When the dataset was last set back in time, and to which instant, epoch ms; null for never. */
  readonly rewind: { readonly at: number; readonly to: number | null } | null
  /** The flags of `notify-keyspace-events`. */
  readonly notifications: string | null
  /** Idle time after which the server closes a connection, s; 0 for never. */
  readonly idleTimeoutS: number | null
}

/** The layout of the keys under a prefix. */
export interface FleetLayout {
  readonly known: string
  readonly wantedShards: number
  /** Null when no worker has used the prefix yet. */
  readonly found: {
    readonly layout: string
    /** A number, or `resharding <from> <to>`. */ readonly shards: string
  } | null
}

/** Due work that no worker has claimed. */
export interface Backlog {
  readonly count: number
  /** The names of some of these schedules. */
  readonly names: readonly string[]
  /** The parked work, by task queue. */
  readonly parked: readonly { readonly pool: string; readonly task: string; readonly count: number }[]
  /** Indexes of the shards that did not answer. */
  readonly unreachable: readonly number[]
}

/** The numbers of one shard. */
export type ShardFigures = readonly [
  ...[schedules: number, paused: number, finished: number, invalid: number],
  ...[dueCount: number, overdueMs: number, waiting: number, workers: number],
]

/** The access of the control side to schedules in Redis, over all shards. */
export interface ScheduleStore {
  put(write: DefinitionWrite): Promise<PutReply>
  putMany(writes: readonly DefinitionWrite[]): Promise<PutReply[]>
  read(name: string): Promise<{ nowMs: number; schedule: StoredSchedule | null }>
  /** Reads many schedules in few calls, by name; one that does not exist has an empty digest. */
  readEach(names: readonly string[]): Promise<Map<string, StoredSchedule>>
  /**
   * One page of schedules in the order of their names, shard after shard, and an opaque cursor, null at the end.
   * `unreachable` are the indexes of shards that did not answer, whose schedules are missing.
   */
  page(
    cursor: string | null,
    count: number,
  ): Promise<{ nowMs: number; schedules: StoredSchedule[]; cursor: string | null; unreachable: readonly number[] }>
  /** One page by the next run, the earliest first, or by the last occurrence, the latest first; otherwise as `page`. */
  pageBy(
    order: 'next' | 'last',
    cursor: string | null,
    count: number,
  ): Promise<{ nowMs: number; schedules: StoredSchedule[]; cursor: string | null; unreachable: readonly number[] }>
  /** How many schedules there are; rejects, naming the shard, when one does not answer. */
  count(): Promise<number>
  /**
   * The numbers of each shard, from its indexes; a worker with a heartbeat within `aliveMs` counts as live. Rejects as
   * `count` does.
   */
  figures(aliveMs: number): Promise<ShardFigures[]>
  remove(name: string, owner?: string): Promise<'removed' | 'missing' | 'kept'>
  pause(name: string, pause: PauseWrite): Promise<{ outcome: 'paused' | 'unchanged' | 'missing'; revision: number }>
  /** Stores a plan. `editor` is who ends a pause by it; absent when it ends none. */
  storePlan(change: PlanChange, editor?: Editor): Promise<'stored' | 'moved'>
  /** The stored edits of a schedule. */
  changes(name: string): Promise<StoredChanges>
  /** Requests a manual run, optionally with a trace context; gives its run id, null when no schedule has this name. */
  enqueue(name: string, payloadText: string | null, traceparent?: string): Promise<string | null>
  /** Requests backfilled runs, optionally with a trace context. */
  backfill(
    name: string,
    nominals: readonly number[],
    pace: { atOnce: number; gapMs: number; most: number },
    traceparent?: string,
  ): Promise<{ kind: 'enqueued'; runIds: string[] } | { kind: 'missing' } | { kind: 'full'; waiting: number }>
  situation(name: string, task: string): Promise<Situation>
  cancel(runId: string): Promise<'cancelled' | 'cancelling' | 'missing'>
  history(name: string, limit: number): Promise<Record<string, string>[]>
  /**
   * The activity of a range of minutes, numbered from the epoch, without empty minutes. `unreachable` are the indexes
   * of shards that did not answer, whose activity is missing.
   */
  minutes(
    first: number,
    last: number,
  ): Promise<{ minutes: Map<number, [field: string, count: number][]>; unreachable: readonly number[] }>
  /**
   * Reads runs page by page, at most `limit`. `unreachable` are the indexes of shards that did not answer, whose runs
   * are missing.
   */
  runs(query: {
    state?: 'running' | 'waiting' | undefined
    limit: number
  }): Promise<{ runs: StoredRun[]; unreachable: readonly number[] }>
  workers(): Promise<{ id: string; fields: Record<string, string>; beatMs: number; nowMs: number }[]>
  now(): Promise<number>
  serverFacts(): Promise<ServerFacts>
  layout(): Promise<FleetLayout>
  backlog(beforeMs: number): Promise<Backlog>
  /** The version of the code that last declared the schedules of an owner; empty for none. */
  declaredVersion(owner: string): Promise<string>
  /** Stores the version of an owner's declarations if the stored one still is `former`; false when it is another. */
  declareVersion(owner: string, version: string, former: string): Promise<boolean>
}
