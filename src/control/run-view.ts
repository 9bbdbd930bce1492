import type { WaitReason } from '../events/reasons.js'
import type { StoredRun } from './store.js'

/** A run that goes or waits somewhere in the fleet. */
export interface RunView {
  runId: string
  schedule: string
  state: 'running' | 'waiting'
  /** Why it waits: `retry`, `rerun`, `queued`, `replace`, `asked`, `backfill`. */
  reason?: WaitReason
  scheduledAt: Date
  startedAt?: Date
  /** When a waiting run is delivered. */
  dueAt?: Date
  worker?: string
  attempt: number
  delivery: number
  fence: number
}

/** Shows a run as the state of its schedule notes it. */
export function toRunView({ runId, schedule, run, dueMs, running }: StoredRun): RunView {
  return {
    runId,
    schedule,
    state: running ? 'running' : 'waiting',
    ...(typeof run.r === 'string' ? { reason: run.r as WaitReason } : {}),
    scheduledAt: new Date(Number(run.n)),
    ...(running ? { startedAt: new Date(Number(run.s)), worker: String(run.w) } : { dueAt: new Date(dueMs) }),
    attempt: Number(run.a),
    delivery: Number(run.d),
    fence: Number(run.f),
  }
}
