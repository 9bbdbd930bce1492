import type { SkipReason } from '../events/reasons.js'
import type { PlanChange, StoredSchedule } from '../schedule/stored-schedule.js'

/** What a worker needs of Redis, in the words of the engine. One of these per shard; `redis/` provides it. */
export interface WorkerStore {
  /** The clock of the server that this shard is on. */
  readonly clock: RedisClock
  claim(request: ClaimRequest): Promise<ClaimReply>
  settle(settlements: readonly Settlement[]): Promise<SettleOutcome[]>
  /** Tells the fleet what is due next. */
  announceHead(): Promise<void>
  /** The name of the schedule that is due first; null when none is planned. */
  firstDue(): Promise<string | null>
  /** Sets the clock of this shard by a call that costs nothing else. */
  readClock(): Promise<void>
  extendPlan(plan: PlanExtension): Promise<void>
  storePlan(plan: PlanChange): Promise<'stored' | 'moved'>
  removeFinished(schedule: string): Promise<void>
  /** Shows that the worker lives; on the first shard only. `lookedWith`: the time-zone data it has checked all plans with. */
  heartbeat(fields: Record<string, string>, lookedWith?: string): Promise<HeartbeatReply>
  /** Looks after a shard that is not the first. */
  tend(): Promise<ShardReply>
  /** Asks the worker with the newest time-zone data to plan a schedule. Nothing waits for it. */
  askForPlan(planner: string, schedule: string): Promise<void>
  leave(): Promise<void>
  recover(count: number): Promise<RecoverReply>
  inspect(slice: InspectSlice): Promise<InspectReply>
  read(names: readonly string[]): Promise<{ nowMs: number; schedules: StoredSchedule[] }>
  /** One page in the order of names; `nextName` is empty at the end. */
  page(after: string, count: number): Promise<{ nowMs: number; nextName: string; schedules: StoredSchedule[] }>
  /** Extends the lease of a run; rejects when Redis does not answer. */
  extendLease(run: ClaimedRun): Promise<'extended' | 'lost'>
  /** Whether there are lock nodes that have to be asked before each start. */
  readonly startsAreLocked: boolean
  /**
   * Asks the lock nodes, where there are any, whether this delivery was started before. Never rejects; `unknown` when
   * too few of them answer.
   */
  takeStart(run: ClaimedRun): Promise<'taken' | 'held' | 'unknown'>
  /** A delivery that was not started after all. Never rejects. */
  giveBackStart(run: ClaimedRun): Promise<void>
}

/** Extends leases beside the event loop, in a thread with a connection of its own, for a time that is bounded. */
export interface LeaseThread {
  /**
   * Begins to extend the lease of a run that is trusted until `trustedUntil`.
   *
   * @param until when to let go, on the monotonic clock, ms; null: when the event loop has shown no life for too long
   * @param onLost is called on the event loop when Redis does not hold the lease any more
   */
  keep(lease: ThreadLease, trustedUntil: number, until: number | null, onLost: () => void): KeptLease
  /** The event loop runs. */
  showLife(): void
}

/** A run whose lease the thread extends, and the shard that it is on. */
export interface ThreadLease {
  readonly run: ClaimedRun
  readonly shard: number
}

/** What the thread says of one lease; read from memory that both share, also after the event loop was blocked. */
export interface KeptLease {
  /** Until when its last extension may be trusted, on the monotonic clock, ms; 0 before the first. */
  readonly trustedUntil: number
  /** The same on the wall clock. */
  readonly trustedUntilWall: number
  /** Whether Redis said that it does not hold the lease any more. */
  readonly isLost: boolean
  /** Ends the extending. */
  release(): void
}

/** What the fleet channel tells a worker. A message that is not understood is a reason to look. */
export interface FleetListener {
  /** What is due next on a shard: the instant (null for nothing), and how many schedules share it. */
  onNextDue(shard: number, dueMs: number | null, dueCount: number): void
  /** Work of a task was parked, because no worker that looked could take it. */
  onParked(shard: number, pool: string, task: string): void
  /** Definitions were written or removed. */
  onChanged(shard: number, schedules: readonly string[]): void
  /** A run of the given worker is cancelled or replaced. */
  onCancel(workerId: string, kind: string, runId: string): void
  /** A worker with older time-zone data asks the given worker to plan a schedule. */
  onPlanRequest(shard: number, workerId: string, schedule: string): void
  /** `size`: how many workers there are now. */
  onJoined(workerId: string, size: number): void
  onLeft(workerId: string): void
  /** A memory of Redis was named: it was flushed, or is another server's, or the message is of another database. */
  onGeneration(shard: number, generation: string): void
  /** The layout or the number of shards was changed. */
  onLayout(): void
  onUnknown(shard: number): void
  /** The subscription is made, for the first time or again: messages may have been missed. */
  onSubscribed(): void
}

/** What the definition watch tells a worker. */
export interface DefinitionListener {
  /** A definition was written or removed; the report does not say how, nor by what. */
  onDefinition(shard: number, schedule: string): void
  /** A database of the server was flushed. */
  onFlush(): void
  /** Whether edits are seen from now on; earlier ones have to be searched. */
  onWatching(isWatching: boolean): void
}

/** What a worker asks for. */
export interface ClaimRequest {
  /** The same id gets the same runs again, so that a lost reply loses nothing. */
  requestId: string
  slots: number
  /** Most occurrences to take while other workers are likely to come for the rest. */
  share: number
  /** How early an occurrence may be claimed, ms; its start is held back until its instant. */
  aheadMs: number
  /** When this worker believed the next occurrence to be due, epoch ms. */
  expectedMs: number | null
  lanes: readonly Lane[]
}

/** A task in a pool, how many of its runs the whole fleet may have at once (0: no limit), and how many this worker takes. */
export interface Lane {
  pool: string
  task: string
  maxConcurrent: number
  room: number
}

/** By its schedule, by hand, or made up for on request. */
export type RunKind = 'occurrence' | 'manual' | 'backfill'

/** A run that this worker won. */
export interface ClaimedRun {
  readonly schedule: string
  readonly runId: string
  readonly nominalMs: number
  readonly startMs: number
  readonly fence: number
  readonly attempt: number
  readonly delivery: number
  readonly missed: number
  readonly catchUp: boolean
  readonly kind: RunKind
  /** Whether the lease belongs to this run alone rather than to its schedule. */
  readonly ownLease: boolean
  /** What was left of the lease when Redis answered, ms. */
  readonly leaseLeftMs: number
  /** JSON that replaces the definition's payload, of a manual run. */
  readonly payloadText: string | null
  /** Plan text that is left behind this instant. */
  readonly planLeft: string
  /** Whether a plan that is not closed goes on by itself, by adding its period. */
  readonly isPeriodic: boolean
  readonly digest: string
  readonly fields: Record<string, string>
}

/** What a claim brought. */
export interface ClaimReply {
  /** Redis's time in whole milliseconds, to decide by. */
  readonly nowMs: number
  /** The same with its fraction, to set clocks by. */
  readonly clockMs: number
  /** When somebody has to look next, epoch ms; null when nothing is planned. */
  readonly headMs: number | null
  /** How many schedules are due at the head. */
  readonly headCount: number
  /** Whether the others are to be told of the head once these runs have started. */
  readonly tellsHead: boolean
  readonly runs: readonly ClaimedRun[]
  readonly handedBack: readonly StoredSchedule[]
  readonly skipped: readonly { schedule: string; nominalMs: number; reason: SkipReason }[]
  /** False when fewer replicas than asked for hold the claim: its runs must not start. */
  readonly isAcknowledged: boolean
}

/** What became of a run. */
export interface Settlement {
  readonly run: ClaimedRun
  /** `returned`: it was never started, and is delivered again. */
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'abandoned' | 'returned'
  readonly reason: string
  readonly durationMs: number
  readonly latenessMs: number
  readonly resultText: string
  readonly errorText: string
  /** Wait before the next attempt, ms; null when there is none. */
  readonly retryDelayMs: number | null
  readonly pauseAfter: number
  /** More instants for the plan, computed after `after`; null when it needs none. */
  readonly refill: { after: number; more: string } | null
}

/** `rerun` and `abandoned`: the lease was gone, or the worker gave the run up; `lost`: somebody else has it. */
export type SettleOutcome =
  'settled' | 'retrying' | 'paused' | 'rerun' | 'abandoned' | 'returned' | 'lost' | 'forgotten' | 'unrecorded'

/** Instants to add behind a plan that runs low. */
export interface PlanExtension {
  readonly schedule: string
  readonly digest: string
  readonly after: number
  readonly more: string
}

/** What a worker learns of a shard when it looks after it. */
export interface ShardReply {
  readonly nowMs: number
  readonly clockMs: number
  readonly headMs: number | null
  readonly headCount: number
  readonly elected: boolean
  readonly overdueRuns: number
  readonly generation: string
  readonly layout: string
  /** How many shards there are, or `resharding` with what is under way. */
  readonly shards: string
  readonly cancelled: readonly string[]
  /** Whether runs go anywhere in the fleet, or may: then the shard is looked after more often. */
  readonly isBusy: boolean
  /** Lanes in which something waits for a worker. */
  readonly laneCount: number
  /** Keys of the engine that held another type, and were removed: what they held has to be put back. */
  readonly repaired: readonly string[]
  /** Whether another worker is known to see edits as they happen; said to the elected one. */
  readonly isWatched: boolean
}

/** What a worker learns of the fleet with each beat. */
export interface HeartbeatReply extends ShardReply {
  readonly fleetSize: number
  /** This worker's place in the order of joining, from 0. */
  readonly rank: number
  readonly gone: readonly string[]
  readonly zoneData: FleetZoneData
}

/** What the fleet has of time-zone data. */
export interface FleetZoneData {
  /** The newest version among the live workers; empty when none is known. */
  readonly newest: string
  /** The worker that plans for those whose data is older; empty when there is none. */
  readonly planner: string
  /** Whether this worker is to look at all plans: they may come from older data. */
  readonly looksAtAll: boolean
  readonly isMixed: boolean
  /** How many workers have which version, when there are several and the elected worker has just noticed; else null. */
  readonly mix: Readonly<Record<string, number>> | null
}

/** What became of runs past their deadline. */
export interface RecoverReply {
  readonly lookedAt: number
  readonly givenUp: readonly {
    schedule: string
    runId: string
    kind: 'rerun' | 'abandoned'
    worker: string
    nominalMs: number
    fence: number
    attempt: number
  }[]
}

/** A bounded part of the definitions: names after one, keys from a cursor, or the given names. */
export interface InspectSlice {
  /** Goes on with the walk that the fleet shares, in place of `after` and `cursor`. */
  shared?: boolean
  after: string
  count: number
  cursor: string
  scanCount: number
  names?: readonly string[]
}

/** What an inspection found, and where the next one goes on. */
export interface InspectReply {
  readonly nextName: string
  readonly nextCursor: string
  readonly toPlan: readonly string[]
  readonly removed: readonly string[]
}

/** Translates between Redis's clock and this process's monotonic clock. */
export interface RedisClock {
  /** Takes in one reading: the reply, which came in between two monotonic instants, said `redisMs`. */
  sample(sentAt: number, receivedAt: number, redisMs: number): void
  /** Redis's time now, epoch ms with a fraction; NaN before the first sample. */
  now(): number
  /** How long from now until Redis's clock shows the instant, ms; negative when it has passed. */
  until(redisMs: number): number
  /** How far off this clock may be, ms: half the round trip of the sample that it keeps. */
  readonly errorMs: number
  /** This process's wall clock minus Redis's clock, ms; NaN before the first sample. */
  skewMs(): number
}
