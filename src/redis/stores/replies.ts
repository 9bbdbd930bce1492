import type { SkipReason } from '../../events/reasons.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { ClaimedRun, ClaimReply, HeartbeatReply, RecoverReply, RunKind, ShardReply } from '../../worker/store.js'
import type { ScriptReplies, ZoneReply } from '../scripts/script-replies.js'

/** Turns the flat list of a hash into a map that is safe for any field name. */
export function toRecord(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>
  for (let index = 0; index + 1 < flat.length; index += 2) record[flat[index]!] = flat[index + 1]!
  return record
}

/**
 * The fields of a definition in the reply of a claim, which is the number of its values, then the values, separated by
 * NUL.
 */
function splitDefinition(text: string): Record<string, string> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>
  const values = text.split('\0')
  // A value that contains a NUL cannot be separated, so such a definition counts as unreadable.
  if (values.length - 1 !== Number(values[0])) return record
  for (let index = 1; index + 1 < values.length; index += 2) record[values[index]!] = values[index + 1]!
  return record
}

/** A run of a reply. Its definition is decoded only when it is read, because it is usually cached. */
class RunReply implements ClaimedRun {
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
  readonly hasRunLease: boolean
  readonly leaseLeftMs: number
  readonly payloadText: string | null
  readonly traceparent: string | null
  readonly remainingPlan: string
  readonly isPeriodic: boolean
  readonly digest: string
  readonly #definition: string

  constructor(raw: readonly string[], at: number, leaseMs: number) {
    // A pattern for an array takes several times as long as its elements until the code is optimized.
    const outline = raw[at + 1]!.split(' ')
    const nominal = outline[0]!
    this.schedule = raw[at]!
    this.nominalMs = Number(nominal)
    this.startMs = Number(outline[1])
    this.fence = Number(outline[2])
    this.remainingPlan = raw[at + 2]!
    this.isPeriodic = outline[3] === '1'
    this.digest = outline[4]!
    this.#definition = raw[at + 3]!
    const rest = raw[at + 4]!
    if (rest === '') {
      this.runId = `${this.schedule}@${nominal}`
      this.attempt = 1
      this.delivery = 1
      this.missed = 0
      this.catchUp = false
      this.kind = 'occurrence'
      this.hasRunLease = false
      this.leaseLeftMs = leaseMs
      this.payloadText = null
      this.traceparent = null
    } else {
      const values = JSON.parse(rest) as [
        string,
        number,
        number,
        number,
        number,
        RunKind,
        number,
        number,
        string,
        string,
      ]
      this.runId = values[0]
      this.attempt = Number(values[1])
      this.delivery = Number(values[2])
      this.missed = Number(values[3])
      this.catchUp = values[4] === 1
      this.kind = values[5]
      this.hasRunLease = values[6] === 1
      this.leaseLeftMs = Number(values[7])
      this.payloadText = values[8] === '' ? null : values[8]
      this.traceparent = values[9] === '' ? null : values[9]
    }
  }

  get fields(): Record<string, string> {
    return splitDefinition(this.#definition)
  }
}

/** The next due of a reply. Only the count tells that nothing is due, because instants before 1970 are negative. */
function toNextDue(nextDueMs: number, count: number): number | null {
  return count === 0 ? null : nextDueMs
}

/** Reads the reply of claim-due.lua. A run without a remaining time of its lease has all of it left. */
export function toClaimReply(raw: ScriptReplies['claim-due'], leaseMs: number, isAcknowledged: boolean): ClaimReply {
  const [now, nextDue, count, runs, handed, skipped, tells] = raw
  const claimed: ClaimedRun[] = []
  for (let at = 0; at < runs.length; at += 5) claimed.push(new RunReply(runs, at, leaseMs))
  return {
    nowMs: Math.floor(now / 1000),
    clockMs: now / 1000,
    nextDueMs: toNextDue(nextDue, count),
    dueCount: count,
    shouldAnnounce: tells === 1,
    runs: claimed,
    needsPlanning: handed.map(([name, , digest, state, fields]) => ({
      name,
      digest,
      state: toRecord(state),
      fields: toRecord(fields),
    })),
    isAcknowledged,
    skipped: skipped.map(([schedule, nominal, reason]) => ({
      schedule,
      nominalMs: Number(nominal),
      reason: reason as SkipReason,
    })),
  }
}

/** Reads the reply of read-schedules.lua. */
export function toSchedules(raw: ScriptReplies['read-schedules']): {
  nowMs: number
  clockMs: number
  nextName: string
  schedules: StoredSchedule[]
} {
  const [now, next, schedules] = raw
  return {
    nowMs: Math.floor(now / 1000),
    clockMs: now / 1000,
    nextName: next,
    schedules: schedules.map(([name, digest, fields, state, declared]) => ({
      name,
      digest,
      fields: toRecord(fields),
      state: toRecord(state),
      declared,
    })),
  }
}

/** Reads the reply of record-heartbeat.lua. */
export function toHeartbeatReply(
  raw: ScriptReplies['record-heartbeat'],
): HeartbeatReply & { readonly knownBeatMs: number | null } {
  const [
    now,
    nextDue,
    count,
    size,
    rank,
    isElected,
    overdue,
    generation,
    layout,
    shards,
    cancelled,
    ,
    parkedQueues,
    zones,
    repaired,
    watched,
    knownBeat,
  ] = raw
  const [newest, authorityId, looks, mixed, mix]: ZoneReply = zones
  return {
    nowMs: Math.floor(now / 1000),
    clockMs: now / 1000,
    nextDueMs: toNextDue(nextDue, count),
    dueCount: count,
    fleetSize: size,
    rank,
    isElected: isElected === 1,
    overdueRuns: overdue,
    generation,
    layout,
    shards,
    cancelled: toRunIds(cancelled),
    hasActivity: true,
    parkedQueueCount: parkedQueues,
    repaired,
    isWatched: watched === 1,
    knownBeatMs: knownBeat === '' ? null : Number(knownBeat),
    zoneData: {
      newest,
      authorityId,
      mustInspectAll: looks === 1,
      isMixed: mixed === 1,
      mix: mix.length === 0 ? null : toCounts(mix),
    },
  }
}

function toCounts(flat: readonly (string | number)[]): Record<string, number> {
  const counts: [string, number][] = []
  for (let index = 0; index + 1 < flat.length; index += 2) counts.push([String(flat[index]), Number(flat[index + 1])])
  return Object.fromEntries(counts)
}

/** Reads the reply of tend-shard.lua. */
export function toShardReply(raw: ScriptReplies['tend-shard']): ShardReply {
  const [
    now,
    nextDue,
    count,
    isElected,
    overdue,
    generation,
    layout,
    shards,
    cancelled,
    going,
    parkedQueues,
    repaired,
  ] = raw
  return {
    nowMs: Math.floor(now / 1000),
    clockMs: now / 1000,
    nextDueMs: toNextDue(nextDue, count),
    dueCount: count,
    isElected: isElected === 1,
    overdueRuns: overdue,
    generation,
    layout,
    shards,
    cancelled: toRunIds(cancelled),
    hasActivity: going > 0,
    parkedQueueCount: parkedQueues,
    repaired,
    isWatched: false,
  }
}

function toRunIds(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

/** Reads one run of the reply of recover-runs.lua. */
export function toRecoveredRun([
  schedule,
  runId,
  kind,
  worker,
  nominalMs,
  fence,
  attempt,
]: ScriptReplies['recover-runs'][1][number]): RecoverReply['recovered'][number] {
  const numbers = { nominalMs: Number(nominalMs), fence: Number(fence), attempt: Number(attempt) }
  return { schedule, runId, kind, worker, ...numbers }
}
