import type { ShardFigures } from '../../control/store.js'

/** Fields and values of a hash in turn, as Redis gives them. */
export type FlatHash = string[]

/** Where a server is in time and what it has to do next: now in µs, next due in ms, count due then (0: nothing is due). */
type Next = [nowMicros: number, nextDueMs: number, dueCount: number]

/** Generation, layout and shards, as `meta` says. */
type About = [generation: string, layout: string, shards: string]

/** A run that was abandoned: schedule, run id, what was done, and the delivery that it was. */
export type AbandonedReply = [
  ...[schedule: string, runId: string, kind: 'rerun' | 'abandoned', worker: string],
  ...[nominalMs: number, fence: number, attempt: number],
]

/** Time-zone data of the fleet, as a heartbeat answers it. */
export type ZoneReply = [newest: string, planner: string, checks: number, isMixed: number, mix: (string | number)[]]

/** What each script replies, as the REPLY of its header says; named here once. */
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
  /** In bytes: a dump is no text. */
  'pack-schedules': [
    name: Buffer,
    checksum: Buffer,
    keys: [suffix: Buffer, dump: Buffer, leftMs: number][],
    members: [set: Buffer, member: Buffer, score: Buffer][],
  ][]
  'pause-schedule': [outcome: 'paused' | 'unchanged' | 'missing', revision: number]
  /** What is refused and the server's words, in turn. */
  'probe-server': string[]
  /** Outcomes and revisions in turn, or why nothing was written. */
  'put-definitions': (string | number)[] | ['elsewhere', layout: string, shards: string]
  'read-figures': ShardFigures
  'read-head': Next
  /** The next name; then name and last instant of each schedule in turn. */
  'read-last': string[]
  /** How many members were read; then run id, score and text of each run in turn. */
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

/** What became of one settlement. */
export type SettleReply =
  'settled' | 'retrying' | 'paused' | 'rerun' | 'abandoned' | 'returned' | 'lost' | 'forgotten' | 'unrecorded'
