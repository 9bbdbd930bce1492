import type { ChangeKind, Editor, StoredChanges } from '../schedule/stored-change.js'
import type { DefinitionFields } from '../schedule/definition.js'
import type { RecordedRun } from '../schedule/stored-run.js'
import type { PlanChange, StoredSchedule } from '../schedule/stored-schedule.js'

/** A definition to write, with the plan for the case that its trigger is new. */
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
  /** Whether what is due of the former trigger was closed as far as it can be. */
  readonly isClosed: boolean
  /** The declaration to note, and the one that must be noted now; null to leave it. */
  readonly declaration: { readonly expected: string; readonly text: string } | null
  /** What the change list says of the edit. */
  readonly editor: Editor
  readonly kind: ChangeKind
  readonly conflicts: readonly string[]
}

/**
 * What became of a write. `conflict`: the schedule has another revision than the one that was asked for; `overdue`: what
 * is due of the former trigger has to be closed first. Nothing was written then.
 */
export interface PutReply {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'overdue'
  readonly revision: number
}

/** A pause to write. */
export interface PauseWrite {
  /** Why; empty when no reason was given. */
  readonly note: string
  /** When the schedule resumes by itself, epoch ms; null for never. */
  readonly untilMs: number | null
  readonly editor: Editor
  /** Leaves a schedule alone that is paused already. */
  readonly ifActive: boolean
}

/** A run that goes or waits, as the state of its schedule notes it. */
export interface StoredRun {
  readonly runId: string
  readonly schedule: string
  readonly run: RecordedRun
  readonly dueMs: number
  readonly running: boolean
}

/** What delays the next run of a schedule, beside its definition and state. */
export interface Situation {
  /** The lease of the schedule: whose it is, and for how long yet. */
  readonly lease: { readonly worker: string; readonly leftMs: number } | null
  /** When a worker inspects it next; null when none will without an edit or a call. */
  readonly dueMs: number | null
  /** Whether it is due and waits for a worker that can take it. */
  readonly isAside: boolean
  readonly backfillsWaiting: number
  /** Runs that count for the fleet-wide limit of its task. */
  readonly busyCount: number
}

/** What a server is, as far as it says; null where this user may not ask. */
export interface ServerFacts {
  readonly version: string | null
  readonly isReplica: boolean
  readonly isCluster: boolean
  /** Of a round trip. */
  readonly latencyMs: { readonly medianMs: number; readonly worstMs: number }
  readonly evictionPolicy: string | null
  /** Bytes; 0 for no limit. */
  readonly maxMemory: number | null
  readonly usedMemory: number | null
  readonly appendOnly: boolean | null
  readonly snapshots: boolean | null
  readonly lastSaveFailed: boolean
  /** Whether edits by plain commands can be seen as they happen. */
  readonly tracking: { readonly allowed: true } | { readonly allowed: false; readonly why: string }
  /** What the server or its user refuses of that which scripts need. */
  readonly refused: readonly {
    readonly what: string
    readonly isEssential: boolean
    readonly why: string
    readonly advice: string
    readonly answer: string
  }[]
  /** When the dataset went back in time last, and to when, epoch ms; null for never. */
  readonly rewind: { readonly at: number; readonly to: number | null } | null
  /** The flags of `notify-keyspace-events`. */
  readonly notifications: string | null
  /** After how long the server closes a connection that says nothing, s; 0 for never. */
  readonly idleTimeoutS: number | null
}

/** Which layout the keys under a prefix have. */
export interface FleetLayout {
  readonly known: string
  readonly wantedShards: number
  /** Null when no worker has been there yet. */
  readonly found: {
    readonly layout: string
    /** A number, or `resharding <from> <to>`. */ readonly shards: string
  } | null
}

/** What is due and was not taken. */
export interface Backlog {
  readonly count: number
  /** Some of them. */
  readonly names: readonly string[]
  /** What was put aside for workers that were not there or had no room. */
  readonly parked: readonly { readonly pool: string; readonly task: string; readonly count: number }[]
  /** Shards that did not answer, by index. */
  readonly unreachable: readonly number[]
}

/** What one shard holds. */
export type ShardFigures = readonly [
  ...[schedules: number, paused: number, finished: number, invalid: number],
  ...[dueCount: number, overdueMs: number, waiting: number, workers: number],
]

/** Everything the control side does with schedules in Redis, on every shard. */
export interface ScheduleStore {
  put(write: DefinitionWrite): Promise<PutReply>
  putMany(writes: readonly DefinitionWrite[]): Promise<PutReply[]>
  read(name: string): Promise<{ nowMs: number; schedule: StoredSchedule | null }>
  /** Reads many schedules in few calls, by name; one that does not exist has an empty digest. */
  readEach(names: readonly string[]): Promise<Map<string, StoredSchedule>>
  /**
   * One page of schedules in the order of their names, shard after shard; an opaque cursor, null at the end.
   * `unreachable` are shards that did not answer, by index, whose schedules are left out.
   */
  page(
    cursor: string | null,
    count: number,
  ): Promise<{ nowMs: number; schedules: StoredSchedule[]; cursor: string | null; unreachable: readonly number[] }>
  /** One page by the next run, the earliest first, or by the last occurrence, the latest first; else as `page`. */
  pageBy(
    order: 'next' | 'last',
    cursor: string | null,
    count: number,
  ): Promise<{ nowMs: number; schedules: StoredSchedule[]; cursor: string | null; unreachable: readonly number[] }>
  /** How many schedules there are; rejects, naming the shard, when one does not answer. */
  count(): Promise<number>
  /** What each shard holds, from its indexes; a worker counts as live that has beaten within `aliveMs`. Rejects as `count`. */
  figures(aliveMs: number): Promise<ShardFigures[]>
  remove(name: string, owner?: string): Promise<'removed' | 'missing' | 'kept'>
  pause(name: string, pause: PauseWrite): Promise<{ outcome: 'paused' | 'unchanged' | 'missing'; revision: number }>
  /** Stores a decision; `editor` is who ends a pause by it, left out where it ends none. */
  storePlan(change: PlanChange, editor?: Editor): Promise<'stored' | 'moved'>
  /** The edits that are kept of a schedule. */
  changes(name: string): Promise<StoredChanges>
  /** Asks for a manual run, in a trace or in none; gives its id, null when there is no such schedule. */
  enqueue(name: string, payloadText: string | null, traceparent?: string): Promise<string | null>
  /** Asks for occurrences of the past, in a trace or in none. */
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
   * The activity of the minutes from one number to another since the epoch; one without any is left out, and so is what the
   * `unreachable` shards hold, by index.
   */
  minutes(
    first: number,
    last: number,
  ): Promise<{ minutes: Map<number, [field: string, count: number][]>; unreachable: readonly number[] }>
  /** Reads runs page by page, at most `limit`; those of the `unreachable` shards, by index, are missing. */
  runs(query: {
    state?: 'running' | 'waiting' | undefined
    limit: number
  }): Promise<{ runs: StoredRun[]; unreachable: readonly number[] }>
  workers(): Promise<{ id: string; fields: Record<string, string>; beatMs: number; nowMs: number }[]>
  now(): Promise<number>
  serverFacts(): Promise<ServerFacts>
  layout(): Promise<FleetLayout>
  backlog(beforeMs: number): Promise<Backlog>
  /** The version of the code that declared the schedules of an owner last; empty when none is known. */
  declaredVersion(owner: string): Promise<string>
  /** Notes the version of an owner's declarations, if the noted one still is `former`; false when it is another. */
  declareVersion(owner: string, version: string, former: string): Promise<boolean>
}
