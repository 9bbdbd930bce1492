import type { SkipReason } from '../events/reasons.js'
import type { PlanChange, StoredSchedule } from '../schedule/stored-schedule.js'
import type { SettleAnswer } from './channels.js'

/** The calls of a worker to Redis, one store for each shard. `redis/` implements it. */
export interface WorkerStore {
  /** The clock of the server that holds this shard. */
  readonly clock: RedisClock
  /** Claims due occurrences and waiting runs. */
  claim(request: ClaimRequest): Promise<ClaimReply>
  /** Records the outcomes of runs, and gives their leases up; one outcome per settlement, in the same order. */
  settle(settlements: readonly Settlement[]): Promise<SettleOutcome[]>
  /**
   * Announces the next due: with settlements that are sent before `delay` has resolved, or else in a separate call. A
   * failed announcement is lost: other workers claim by their own timers. `near`: as in {@link ClaimRequest}.
   */
  announceNextDue(delay: Promise<void>, near?: ClaimRequest['near']): Promise<void>
  /** The name of the schedule that is due first; null when none is planned. */
  firstDue(): Promise<string | null>
  /** Takes a sample of the shard's clock by the cheapest call that gives one. */
  readClock(): Promise<void>
  /** Adds instants to the end of a plan, if the definition is still the one from which they were computed. */
  storeRefill(plan: PlanRefill): Promise<void>
  /** Stores the `traceparent` of the first start of a run, while this claim of the run holds. */
  noteTrace(run: ClaimedRun, traceparent: string): Promise<void>
  /** Stores a plan; `moved` when the schedule changed after the plan was computed: then nothing is written. */
  storePlan(plan: PlanChange): Promise<'stored' | 'moved'>
  /** Deletes a schedule that is finished; a schedule that has a next run stays. */
  deleteFinished(schedule: string): Promise<void>
  /**
   * Records this worker's heartbeat; on the first shard only. `inspectedWith`: the version of the time-zone data with
   * which this worker has inspected all plans.
   */
  heartbeat(fields: Record<string, string>, inspectedWith?: string): Promise<HeartbeatReply>
  /** Polls a shard other than the first: reads its next due, and whether this worker is elected. */
  pollShard(): Promise<ShardReply>
  /** Asks the tz authority to plan a schedule. Resolves when the message is sent; the plan follows later, or never. */
  askForPlan(authorityId: string, schedule: string): Promise<void>
  /** Removes this worker from the fleet. */
  leave(): Promise<void>
  /** Abandons at most `count` runs past their deadlines; `onCrash` decides whether each is delivered again. */
  recoverRuns(count: number): Promise<RecoverReply>
  /** Inspects a bounded part of the definitions for edits that are not planned yet. */
  inspect(slice: InspectSlice): Promise<InspectReply>
  /** Reads the given schedules, without those that do not exist. */
  read(names: readonly string[]): Promise<{ nowMs: number; schedules: StoredSchedule[] }>
  /** Reads a page of schedules in the order of their names; `nextName` is empty at the end. */
  page(after: string, count: number): Promise<{ nowMs: number; nextName: string; schedules: StoredSchedule[] }>
  /** Extends the leases of runs, and answers for each in their order; rejects when Redis does not answer. */
  extendLeases(runs: readonly ClaimedRun[]): Promise<('extended' | 'lost')[]>
  /** Whether each start needs its start key, because the fleet has lock nodes. */
  readonly needsStartKey: boolean
  /**
   * Takes the start key of this delivery on the lock nodes; without lock nodes it is `taken`. `held`: the delivery was
   * started before. `unknown`: too few nodes answered. Never rejects.
   */
  takeStartKey(run: ClaimedRun): Promise<'taken' | 'held' | 'unknown'>
  /** Releases the start key of a delivery that was not started. Never rejects. */
  releaseStartKey(run: ClaimedRun): Promise<void>
}

/** The limits of one claim. */
export interface ClaimRequest {
  /** Id of the request. It is sent again unchanged after a lost reply: the same id returns the same runs. */
  requestId: string
  /** Most runs to take, of all kinds. */
  slots: number
  /** Most occurrences to take while other workers claim the same instant. */
  maxClaims: number
  /** How early an occurrence may be claimed, ms; its run starts at its instant. */
  aheadMs: number
  /** When this worker expects the next occurrence, epoch ms; null for none. */
  expectedDueMs: number | null
  /** Whether the claim itself announces the next due, if it is well ahead of its starts. */
  tellsFleet?: boolean
  /** The expected instant, if only the workers near it expect it, so that only they are informed. */
  near?: { readonly dueMs: number; readonly dueCount: number } | null
  /** The task queues that this worker serves. */
  capacities: readonly Capacity[]
}

/** The capacity of a claim for one task queue. */
export interface Capacity {
  pool: string
  task: string
  /** Most runs of the task on this shard at once, over the whole fleet; 0: no limit. */
  maxConcurrent: number
  /** Most runs of the task that this worker takes with this claim. */
  freeSlots: number
}

/** The kind of a run: an occurrence of a trigger, a manual run, or a backfilled run. */
export type RunKind = 'occurrence' | 'manual' | 'backfill'

/** A run that this worker won. */
export interface ClaimedRun {
  readonly schedule: string
  readonly runId: string
  /** The nominal instant, epoch ms. */
  readonly nominalMs: number
  /** When the handler may start, epoch ms: the nominal instant and the jitter. */
  readonly startMs: number
  /** The fencing token of this claim. */
  readonly fence: number
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** Number of the delivery, from 1. */
  readonly delivery: number
  /** Number of missed occurrences that the run makes up for, without its own. */
  readonly missed: number
  /** Whether the run makes up for a misfire. */
  readonly catchUp: boolean
  readonly kind: RunKind
  /** Whether the lease belongs to this run alone rather than to its schedule. */
  readonly hasRunLease: boolean
  /** Remaining time of the lease at the reply, ms. */
  readonly leaseLeftMs: number
  /** JSON that replaces the definition's payload in a manual run; null for none. */
  readonly payloadText: string | null
  /** W3C `traceparent` of its first start, or of the caller of a manual run; null for none. */
  readonly traceparent: string | null
  /** The plan text after this instant. */
  readonly remainingPlan: string
  /** Whether the script continues the plan by adding the period. */
  readonly isPeriodic: boolean
  /** The digest of the definition that the run was claimed under. */
  readonly digest: string
  /** The fields of that definition. */
  readonly fields: Record<string, string>
}

/** The time and the next due of a shard. */
export interface ShardNow {
  /** Redis's time in whole milliseconds, for decisions. */
  readonly nowMs: number
  /** Redis's time with its fraction, ms, for clocks. */
  readonly clockMs: number
  /** The earliest instant at which the shard has work, epoch ms; null when nothing is planned. */
  readonly nextDueMs: number | null
  /** How many schedules share that instant. */
  readonly dueCount: number
}

/** The result of a claim. */
export interface ClaimReply extends ShardNow {
  /** Whether this worker has to announce the next due, once these runs have started. */
  readonly shouldAnnounce: boolean
  readonly runs: readonly ClaimedRun[]
  /** Due schedules that the script could not claim with their plan. */
  readonly needsPlanning: readonly StoredSchedule[]
  /** Occurrences that the claim skipped. */
  readonly skipped: readonly { schedule: string; nominalMs: number; reason: SkipReason }[]
  /** False when fewer replicas than `durability` requires hold the claim: its runs must not start. */
  readonly isAcknowledged: boolean
}

/** How a run ended. */
export interface Settlement {
  readonly run: ClaimedRun
  /** `returned`: the run was never started, and is delivered again. */
  readonly outcome: 'ok' | 'failed' | 'cancelled' | 'abandoned' | 'returned'
  /** The reason why the run did not succeed, for the history; empty when it did. */
  readonly reason: string
  /** Duration of the handler, ms. */
  readonly durationMs: number
  /** Time from the start instant to the start of the handler, ms. */
  readonly latenessMs: number
  /** The handler's result as JSON; empty for none. */
  readonly resultText: string
  /** The error as JSON; empty for none. */
  readonly errorText: string
  /** Delay before the next attempt, ms; null when there is none. */
  readonly retryDelayMs: number | null
  /** Failures in a row after which the schedule is paused; 0: never. */
  readonly pauseAfter: number
  /** The `traceparent` of its first start, for another attempt or delivery. */
  readonly traceparent?: string | undefined
  /** More instants for the plan, computed after `after`; null when the plan needs none. */
  readonly refill: { after: number; more: string } | null
}

/**
 * The answer of Redis to a settlement. `recovered`: the run is settled as `ok`, and a run of its schedule has failed or was
 * abandoned, on any worker, since the last one that was `ok`.
 */
export type SettleOutcome = SettleAnswer | 'recovered'

/** Instants for the end of a plan that runs low. */
export interface PlanRefill {
  readonly schedule: string
  /** The digest of the definition from which the instants were computed. */
  readonly digest: string
  /** The nominal instant after which they were computed, epoch ms. */
  readonly after: number
  /** Plan text. */
  readonly more: string
}

/** The reply to a poll of a shard. */
export interface ShardReply extends ShardNow {
  /** Whether this worker does the shard's maintenance until its next poll. */
  readonly isElected: boolean
  /** Number of runs past their deadlines. */
  readonly overdueRuns: number
  readonly generation: string
  readonly layout: string
  /** The number of shards; during a change of it `resharding` and both numbers. */
  readonly shards: string
  /** The runs of this worker that were cancelled. */
  readonly cancelled: readonly string[]
  /** Whether a run of the shard is running or may be, so that the shard is polled more often. */
  readonly hasActivity: boolean
  /** Number of task queues with parked work. */
  readonly parkedQueueCount: number
  /** Index keys that held another type and were removed, so that their content has to be written again. */
  readonly repaired: readonly string[]
  /** Whether another worker has a definition watch; only in replies to the elected worker. */
  readonly isWatched: boolean
}

/** The reply to a heartbeat, about the fleet and the first shard. */
export interface HeartbeatReply extends ShardReply {
  /** The number of workers. */
  readonly fleetSize: number
  /** This worker's place in the order of joining, from 0. */
  readonly rank: number
  readonly zoneData: FleetZoneData
}

/** The time-zone data of the fleet. */
export interface FleetZoneData {
  /** The newest version among the workers; empty if unknown. */
  readonly newest: string
  /** The id of the tz authority, which plans for workers with older data; empty when there is none. */
  readonly authorityId: string
  /** Whether this worker has to inspect all plans: they may come from older data. */
  readonly mustInspectAll: boolean
  /** Whether the workers have several versions. */
  readonly isMixed: boolean
  /** The number of workers by version, for the elected worker when the mix has just appeared; otherwise null. */
  readonly mix: Readonly<Record<string, number>> | null
}

/** The result of recovering runs past their deadlines. */
export interface RecoverReply {
  /** Number of inspected entries of the index; fewer than requested: no more runs are overdue. */
  readonly inspectedCount: number
  /** The runs that are delivered again (`rerun`) or ended (`abandoned`), with their former worker. */
  readonly recovered: readonly {
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
  /** Continues the sweep of the fleet, instead of `after` and `cursor`. */
  shared?: boolean
  /** The name after which the slice of the index begins. */
  after: string
  /** Most names of the index. */
  count: number
  /** The cursor of `SCAN` over definition keys: it finds schedules that are not in the index. */
  cursor: string
  /** `COUNT` of that `SCAN`; 0: none. */
  scanCount: number
  /** Schedules to inspect beside the slice. */
  names?: readonly string[]
}

/** The result of an inspection, and the position of the next one. */
export interface InspectReply {
  /** Empty at the end of the index. */
  readonly nextName: string
  /** `0` at the end of the scan. */
  readonly nextCursor: string
  /** Schedules whose plan does not follow their definition. */
  readonly toPlan: readonly string[]
  /** Schedules without a definition, whose state was removed. */
  readonly removed: readonly string[]
}

/** Translates between Redis's clock and this process's monotonic clock. */
export interface RedisClock {
  /** Records one sample: a reply with `redisMs` arrived between two monotonic instants. */
  sample(sentAt: number, receivedAt: number, redisMs: number): void
  /** Redis's time now, epoch ms with a fraction; NaN before the first sample. */
  now(): number
  /** Time until the instant by Redis's clock, ms; negative when it has passed. */
  until(redisMs: number): number
  /** Largest error of this clock, ms: half the distance between the bounds that the recent samples leave. */
  readonly errorMs: number
  /** This process's wall clock minus Redis's clock, ms; NaN before the first sample. */
  skewMs(): number
}
