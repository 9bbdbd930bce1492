import type { WaitReason } from '../events/reasons.js'
import type { StoredRun } from './store.js'

/** A run that is running or waiting in the fleet. */
export interface RunView {
  /** Id of the run: what `cancel` takes. */
  runId: string
  /** Name of the schedule. */
  schedule: string
  /** `running` on a worker, or `waiting` for one. */
  state: 'running' | 'waiting'
  /** The reason of its wait: `retry`, `rerun`, `queued`, `replace`, `asked`, `backfill`. */
  reason?: WaitReason
  /** The nominal instant of the occurrence. */
  scheduledAt: Date
  /** When the run was claimed, by Redis's clock; absent while it waits. */
  startedAt?: Date
  /** When a waiting run is delivered. */
  dueAt?: Date
  /** Id of the worker that has it; absent while it waits. */
  worker?: string
  /** Number of the execution after failures, from 1. */
  attempt: number
  /** How many times the run was handed to a worker, this delivery included; a retry does not count. */
  delivery: number
  /** Fencing token of its last claim; 0 before the first. */
  fence: number
}

/**
 * Runs of the fleet. `unreachableShards` are the indexes, from 0, of the shards that did not answer, whose runs are
 * missing; absent when all shards answered.
 */
export type RunList = RunView[] & { unreachableShards?: number[] }

/** Shows a run as it is stored in the state of its schedule. */
export function toRunView({ runId, schedule, run, dueMs, running }: StoredRun): RunView {
  return {
    runId,
    schedule,
    state: running ? 'running' : 'waiting',
    ...(typeof run.waitsFor === 'string' ? { reason: run.waitsFor as WaitReason } : {}),
    scheduledAt: new Date(Number(run.nominalMs)),
    ...(running
      ? { startedAt: new Date(Number(run.claimedAtMs)), worker: String(run.worker) }
      : { dueAt: new Date(dueMs) }),
    attempt: Number(run.attempt),
    delivery: Number(run.delivery),
    fence: Number(run.fence),
  }
}
