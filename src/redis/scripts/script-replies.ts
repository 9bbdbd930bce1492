import type { ShardFigures } from '../../control/store.js'

/** Alternating fields and values of a hash, as Redis replies. */
export type FlatHash = string[]

/** The time of a server and its next due: now in µs, next due in ms, count due then (0: nothing is due). */
type Next = [nowMicros: number, nextDueMs: number, dueCount: number]

/** Generation, layout and shards of `meta`. */
type About = [generation: string, layout: string, shards: string]

/** A run that was abandoned: schedule, run id, outcome, and the facts of its delivery. */
export type AbandonedReply = [
  ...[schedule: string, runId: string, kind: 'rerun' | 'abandoned', worker: string],
  ...[nominalMs: number, fence: number, attempt: number],
]

/** Time-zone data of the fleet, in the reply to a heartbeat. */
export type ZoneReply = [newest: string, authorityId: string, checks: number, isMixed: number, mix: (string | number)[]]

/** The type of the reply of each script, as the REPLY of its header describes it. */
export interface ScriptReplies {
  'agree-layout': [layout: string, shards: string]
  'announce-head': 'told'
  'backfill-schedule': ['enqueued', ...runIds: string[]] | ['missing'] | ['full', waiting: number]
  'cancel-run': 'cancelled' | 'cancelling' | 'missing'
  'claim-due': [
    ...Next,
    runs: string[],
    toPlan: [name: string, why: string, digest: string, state: FlatHash, fields: FlatHash][],
    skipped: [name: string, nominalMs: number, reason: string][],
    announces: number,
  ]
  'declare-version': 'stored' | 'moved'
  'drop-schedules': ('dropped' | 'changed')[]
  'enqueue-run': ['enqueued', runId: string] | ['missing']
  'extend-leases': number[]
  'extend-plan': 'extended' | 'moved'
  'inspect-definitions': [nextName: string, nextCursor: string, toPlan: string[], removed: string[]]
  'leave-fleet': 'left'
  'note-trace': 'noted' | 'gone'
  /** Buffers, because a dump is no text. */
  'pack-schedules': [
    name: Buffer,
    checksum: Buffer,
    keys: [suffix: Buffer, dump: Buffer, leftMs: number][],
    members: [set: Buffer, member: Buffer, score: Buffer][],
  ][]
  'pause-schedule': [outcome: 'paused' | 'unchanged' | 'missing', revision: number]
  /** Alternating features and errors of the server. */
  'probe-server': string[]
  /** Alternating outcomes and revisions, or the reason why nothing was written. */
  'put-definitions': (string | number)[] | ['elsewhere', layout: string, shards: string]
  'read-figures': ShardFigures
  'read-head': Next
  /** The next name; then alternating names and last instants. */
  'read-last': string[]
  /** The number of members that were read; then run id, score and text of each run. */
  'read-runs': [readCount: number, ...runs: string[]]
  'read-schedules': [
    nowMicros: number,
    nextName: string,
    schedules: [name: string, digest: string, fields: FlatHash, state: FlatHash, declared: string][],
  ]
  'record-heartbeat': [
    ...[...Next, fleetSize: number, rank: number, elected: number, overdueRuns: number],
    ...[...About, cancelled: string, dead: string[], parkedQueues: number],
    ...[zones: ZoneReply, repaired: string[], isWatched: number, knownBeat: string],
  ]
  'recover-runs': [inspected: number, abandoned: AbandonedReply[]]
  'remove-schedule': 'removed' | 'missing' | 'kept'
  'settle-runs': [nowMs: number, ...outcomes: SettleReply[]]
  'store-plan': [outcome: 'stored' | 'moved', revision: number]
  'tend-shard': [
    ...[...Next, elected: number, overdueRuns: number],
    ...[...About, cancelled: string, runningCount: number, parkedQueues: number, repaired: string[]],
  ]
  'unpack-schedule': number
}

/** The outcome of one settlement. */
export type SettleReply =
  | 'settled'
  | 'recovered'
  | 'retrying'
  | 'paused'
  | 'rerun'
  | 'abandoned'
  | 'returned'
  | 'lost'
  | 'forgotten'
  | 'unrecorded'
