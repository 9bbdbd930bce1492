import type { Emit } from '../events/events.js'
import type { TimeSource } from '../time-source.js'
import { Slots } from './loop/slots.js'
import { TzAuthority } from './maintenance/tz-authority.js'
import type { TaskQueueReader } from './maintenance/unserved-tasks.js'
import { ActiveRuns } from './run/active-runs.js'
import { createDefinitionCache } from './run/definition-cache.js'
import { LeaseKeeper } from './run/lease-keeper.js'
import { describeRun } from './run/describe-run.js'
import type { Task } from './run/task.js'
import type { WorkerRuntime } from './shard-runtime.js'
import type { LeaseThread } from './lease-thread.js'
import type { ShardReply } from './store.js'

/** What a worker is made of. */
export interface WorkerOptions {
  readonly id: string
  readonly concurrency: number
  readonly leaseMs: number
  /** Extends leases while a handler blocks the event loop; null: then they end. */
  readonly leaseThread: LeaseThread | null
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly pool: string
  /** The version of the time-zone data that this worker computes with. */
  readonly tz: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly time: TimeSource
  /** What the record of this worker says. */
  readonly describe: () => Record<string, string>
  /** Reads what is parked on a shard, by its index from 0. */
  readonly taskQueues: (shard: number) => TaskQueueReader
  /** Redis has another memory than before: what is declared in code has to be written again. */
  readonly onDataLoss: () => void
  /** This worker's rank gives it the definition watch, or takes it away. */
  readonly onWatchDuty: (isWatcher: boolean) => void
  /** Takes in what a reply says of the layout; throws when it is another one than this worker's. */
  readonly onReply: (reply: ShardReply) => void
}

/** What a worker decides itself about the parts that its shards share. */
export interface RuntimeHooks {
  readonly shardCount: number
  readonly parkedShards: ReadonlyMap<string, Set<number>>
  /** Room for a task became free. */
  readonly onRoom: (task: string) => void
  readonly isStopping: () => boolean
}

/** Creates what all shards of one worker share. */
export function createWorkerRuntime(options: WorkerOptions, hooks: RuntimeHooks): WorkerRuntime {
  const { id, pool, time, emit, tasks, leaseMs, leaseThread, concurrency, tz } = options
  const { shardCount, parkedShards, onRoom, isStopping } = hooks
  return {
    workerId: id,
    pool,
    time,
    emit,
    tasks,
    parkedShards,
    slots: new Slots(concurrency, onRoom, shardCount),
    runs: new ActiveRuns(),
    leases: new LeaseKeeper({
      leaseMs,
      time,
      thread: leaseThread,
      onLost: (run, reason) => emit('lease:lost', { ...describeRun({ workerId: id }, run), reason }),
    }),
    definitions: createDefinitionCache(),
    tzAuthority: new TzAuthority(id, tz),
    isStopping,
  }
}
