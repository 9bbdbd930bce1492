import { EverybeatError, type ErrorCode } from '../../errors.js'
import type { ClaimedRun } from '../store.js'
import type { RunDefinition } from './definition-cache.js'

/** The causes of an abort, each with the code of the signal's reason and the outcome of the run. */
export const ABORTS = {
  timeout: { code: 'ERR_EVERYBEAT_TIMEOUT', outcome: 'failed' },
  'lease-lost': { code: 'ERR_EVERYBEAT_LEASE_LOST', outcome: 'abandoned' },
  replaced: { code: 'ERR_EVERYBEAT_REPLACED', outcome: 'cancelled' },
  cancelled: { code: 'ERR_EVERYBEAT_CANCELLED', outcome: 'cancelled' },
  shutdown: { code: 'ERR_EVERYBEAT_SHUTDOWN', outcome: 'abandoned' },
} as const satisfies Record<string, { code: ErrorCode; outcome: 'failed' | 'abandoned' | 'cancelled' }>

/** A cause of an abort. */
export type AbortKind = keyof typeof ABORTS

/** The abort of a run. */
export interface Abort {
  readonly kind: AbortKind
  /** The `signal.reason`. */
  readonly error: EverybeatError
}

/** The facts about a run that are known when it is won. */
export type ActiveRunFacts = Pick<ActiveRun, 'claimed' | 'definition' | 'shard' | 'task' | 'isAcknowledged'>

/**
 * A run that this worker has won and not settled yet. An `AbortSignal` costs more than all other work for a short run,
 * so it is created only when the handler reads it.
 */
export class ActiveRun {
  readonly claimed: ClaimedRun
  /** The definition that the run was claimed with. */
  readonly definition: RunDefinition
  /** The shard that its schedule is on. */
  readonly shard: number
  readonly task: string
  /** Whether as many replicas hold its claim as `durability` requires. */
  readonly isAcknowledged: boolean
  /** W3C `traceparent` of its first start on any worker; null for none. */
  traceparent: string | null
  /** When trust in the lease ends, on the monotonic clock, ms. */
  trustedUntilMonotonic = 0
  /** The same on the wall clock, ms: the monotonic clock may stop while a host sleeps. */
  trustedUntilWall = 0
  /** The abort of the run; null before it. */
  #abort: Abort | null = null
  /** The source of the handler's signal; null until the handler reads it. */
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

  /** The abort of the run; null before it. */
  get aborted(): Abort | null {
    return this.#abort
  }

  /** The signal of the handler. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#abort) this.#controller.abort(this.#abort.error)
    }
    return this.#controller.signal
  }

  /** Aborts the run, once. @returns whether this call did it; a later abort is ignored */
  abort(kind: AbortKind, message: string): boolean {
    if (this.#abort) return false
    const error = new EverybeatError(ABORTS[kind].code, message, { field: 'run', value: this.claimed.runId })
    this.#abort = { kind, error }
    this.#controller?.abort(error)
    for (const listener of this.#abortListeners ?? []) listener()
    return true
  }

  /** Calls back once when the run is aborted; at once if it already is. */
  onAbort(listener: () => void): void {
    if (this.#abort) listener()
    else (this.#abortListeners ??= []).push(listener)
  }

  /** Calls back once when the handler has ended or was abandoned; at once if it already has. */
  onEnd(listener: () => void): void {
    if (this.#hasEnded) listener()
    else (this.#endListeners ??= []).push(listener)
  }

  /** Records that the handler has ended or was abandoned. */
  end(): void {
    this.#hasEnded = true
    for (const listener of this.#endListeners ?? []) listener()
    this.#endListeners = null
  }
}
