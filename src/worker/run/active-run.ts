import { EverybeatError, type ErrorCode } from '../../errors.js'
import type { ClaimedRun } from '../store.js'
import type { RunDefinition } from './definition-cache.js'

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

/** Why a run was aborted. */
export interface Abort {
  readonly kind: AbortKind
  /** What `signal.reason` is. */
  readonly error: EverybeatError
}

/** What is known of a run when it is won. */
export type ActiveRunFacts = Pick<ActiveRun, 'claimed' | 'definition' | 'shard' | 'task' | 'isAcknowledged'>

/**
 * A run that this worker has won and not settled yet. An `AbortSignal` costs more than everything else about a short run,
 * so it is made only for a handler that reads it.
 */
export class ActiveRun {
  readonly claimed: ClaimedRun
  /** The definition that the run was claimed with. */
  readonly definition: RunDefinition
  /** The shard that its schedule is on. */
  readonly shard: number
  readonly task: string
  /** Whether as many replicas hold its claim as were asked for. */
  readonly isAcknowledged: boolean
  /** W3C `traceparent` of its first start, on this worker or another; null where none is known. */
  traceparent: string | null
  /** When trust in the lease ends, on the monotonic clock, ms. */
  trustedUntilMonotonic = 0
  /** The same on the wall clock, ms: the monotonic clock may stand still while a host sleeps. */
  trustedUntilWall = 0
  /** Why the run was aborted; null while it was not. */
  #abort: Abort | null = null
  /** Source of the handler's signal; null until the handler reads it. */
  #controller: AbortController | null = null
  /** Callbacks of {@link ActiveRun.onAbort}; null until there is one. */
  #abortListeners: (() => void)[] | null = null
  /** Callbacks of {@link ActiveRun.onEnd}; null until there is one. */
  #endListeners: (() => void)[] | null = null
  /** Whether {@link ActiveRun.end} was called. */
  #hasEnded = false

  constructor({ claimed, definition, shard, task, isAcknowledged }: ActiveRunFacts) {
    this.claimed = claimed
    this.traceparent = claimed.traceparent
    this.definition = definition
    this.shard = shard
    this.task = task
    this.isAcknowledged = isAcknowledged
  }

  /** Why the run was aborted, or null when it was not. */
  get aborted(): Abort | null {
    return this.#abort
  }

  /** The signal that the handler gets. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#abort) this.#controller.abort(this.#abort.error)
    }
    return this.#controller.signal
  }

  /** Aborts the run, once; later reasons are ignored. Answers whether this call did it. */
  abort(kind: AbortKind, message: string): boolean {
    if (this.#abort) return false
    const error = new EverybeatError(ABORTS[kind].code, message, { field: 'run', value: this.claimed.runId })
    this.#abort = { kind, error }
    this.#controller?.abort(error)
    for (const listener of this.#abortListeners ?? []) listener()
    return true
  }

  /** Calls back once when the run is aborted, at once when it is already. */
  onAbort(listener: () => void): void {
    if (this.#abort) listener()
    else (this.#abortListeners ??= []).push(listener)
  }

  /** Calls back once when the handler has ended or was abandoned, at once when it has already. */
  onEnd(listener: () => void): void {
    if (this.#hasEnded) listener()
    else (this.#endListeners ??= []).push(listener)
  }

  /** The handler has ended, or was abandoned. */
  end(): void {
    this.#hasEnded = true
    for (const listener of this.#endListeners ?? []) listener()
    this.#endListeners = null
  }
}
