import { EverybeatError, type ErrorCode } from '../errors.js'
import type { ClaimedRun } from './port.js'

/** A run that goes on this worker. */
export interface ActiveRun {
  readonly claimed: ClaimedRun
  /** The shard that its schedule is on. */
  readonly shard: number
  readonly task: string
  readonly controller: AbortController
  /** Whether as many replicas hold its claim as were asked for. */
  readonly isAcknowledged: boolean
  /** Trust in the lease ends here, on the monotonic clock, ms. */
  trustedUntil: number
  /** The same on the wall clock: while a host sleeps the monotonic clock may stand still. */
  trustedUntilWall: number
  /** Resolves when the handler has come to its end, or was given up. */
  readonly ended: Promise<void>
}

/** Why a signal aborts, with the code of its reason and the outcome it leads to. */
export const ABORTS = {
  timeout: { code: 'ERR_EVERYBEAT_TIMEOUT', outcome: 'failed' },
  'lease-lost': { code: 'ERR_EVERYBEAT_LEASE_LOST', outcome: 'abandoned' },
  replaced: { code: 'ERR_EVERYBEAT_REPLACED', outcome: 'cancelled' },
  cancelled: { code: 'ERR_EVERYBEAT_CANCELLED', outcome: 'cancelled' },
  shutdown: { code: 'ERR_EVERYBEAT_SHUTDOWN', outcome: 'abandoned' },
} as const satisfies Record<string, { code: ErrorCode; outcome: 'failed' | 'abandoned' | 'cancelled' }>

/** Why a signal aborts. */
export type AbortKind = keyof typeof ABORTS

const kinds = new WeakMap<AbortSignal, AbortKind>()

/** Aborts a run's signal, once; later reasons are ignored. Answers whether this call did it. */
export function abortRun(run: ActiveRun, kind: AbortKind, message: string): boolean {
  const { signal } = run.controller
  if (signal.aborted) return false
  kinds.set(signal, kind)
  run.controller.abort(new EverybeatError(ABORTS[kind].code, message, { field: 'run', value: run.claimed.runId }))
  return true
}

/** Why the signal aborted, or null when it did not. */
export function abortKind(signal: AbortSignal): AbortKind | null {
  return kinds.get(signal) ?? null
}
