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

/** The parts of a worker. */
export interface WorkerOptions {
  readonly id: string
  readonly concurrency: number
  readonly leaseMs: number
  /** Extends leases while a handler blocks the event loop; null: these leases end. */
  readonly leaseThread: LeaseThread | null
  readonly maxSleepMs: number
  readonly beatMs: number
  readonly pool: string
  /** The version of the time-zone data that this worker computes with. */
  readonly tz: string
  readonly tasks: ReadonlyMap<string, Task>
  readonly emit: Emit
  readonly time: TimeSource
  /** The fields of the worker's heartbeat. */
  readonly describe: () => Record<string, string>
  /** Reads the parked work of a shard, by its index from 0. */
  readonly taskQueues: (shard: number) => TaskQueueReader
  /** Called when Redis has another generation than before: the declarations of code have to be written again. */
  readonly onDataLoss: () => void
  /** Called when the rank of this worker gives it the definition watch or takes it away. */
  readonly onWatchDuty: (isWatcher: boolean) => void
  /** Checks the layout in a reply; throws when it is another one than this worker's. */
  readonly onReply: (reply: ShardReply) => void
}

/** The functions of a worker that its shared parts call. */
export interface RuntimeHooks {
  readonly shardCount: number
  readonly parkedShards: ReadonlyMap<string, Set<number>>
  /** Called when a slot for a task became free. */
  readonly onRoom: (task: string) => void
  readonly isStopping: () => boolean
}

/** Creates the parts that all shards of one worker share. */
export function createWorkerRuntime(options: WorkerOptions, hooks: RuntimeHooks): WorkerRuntime {
  const { id, pool, time, emit, tasks, leaseMs, leaseThread, concurrency, tz } = options
  const { shardCount, parkedShards, onRoom, isStopping } = hooks
  return {
    workerId: id,
    pool,
    time,
    emit,
    isPublished: true,
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
