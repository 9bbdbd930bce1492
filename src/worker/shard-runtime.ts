import type { Emit } from '../events/events.js'
import type { TimeSource } from '../time-source.js'
import type { PreciseTimer } from './loop/precise-timer.js'
import type { Slots } from './loop/slots.js'
import type { PlanningPace } from './maintenance/planning-pace.js'
import type { TzAuthority } from './maintenance/tz-authority.js'
import type { ActiveRuns } from './run/active-runs.js'
import type { DefinitionCache } from './run/definition-cache.js'
import type { LeaseKeeper } from './run/lease-keeper.js'
import type { Settler } from './run/settler.js'
import type { Task } from './run/task.js'
import type { RedisClock, WorkerStore } from './store.js'

/** The parts that all shards of one worker share. */
export interface WorkerRuntime {
  readonly workerId: string
  readonly pool: string
  /** Clocks, timers and random numbers. */
  readonly time: TimeSource
  readonly emit: Emit
  /** Whether the diagnostics channels tell of this worker; false for the worker of the warm-up. */
  readonly isPublished: boolean
  /** The registered tasks by name. */
  readonly tasks: ReadonlyMap<string, Task>
  /**
   * The shards with parked work of a task whose `concurrency` is bounded on this worker. The end of a run of the task,
   * or a claim that leaves slots, allows a claim of that work.
   */
  readonly parkedShards: ReadonlyMap<string, Set<number>>
  readonly slots: Slots
  readonly runs: ActiveRuns
  readonly leases: LeaseKeeper
  readonly definitions: DefinitionCache
  readonly tzAuthority: TzAuthority
  /** Whether the worker stops: runs that it wins from then on are returned. */
  readonly isStopping: () => boolean
}

/** The parts that serve one shard: those of the worker, and those of the shard. */
export interface ShardRuntime extends WorkerRuntime {
  /** The index of this shard, from 0. */
  readonly shard: number
  readonly shardCount: number
  readonly store: WorkerStore
  /** The clock of the server of the shard. */
  readonly clock: RedisClock
  readonly preciseTimer: PreciseTimer
  readonly settler: Settler
  /** Keeps planning from blocking the event loop; one for all shards. */
  readonly pace: PlanningPace
}
