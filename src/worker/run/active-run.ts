import { EverybeatError, type ErrorCode } from '../../errors.js'
import type { ClaimedRun } from '../store.js'

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
export type ActiveRunFacts = Pick<ActiveRun, 'claimed' | 'shard' | 'task' | 'isAcknowledged'>

/**
 * A run that goes on this worker. What only few runs need, an `AbortSignal` above all, is made when somebody asks for
 * it: thousands of runs a second are short, and a signal costs more than all the rest of them.
 */
export class ActiveRun {
  readonly claimed: ClaimedRun
  /** The shard that its schedule is on. */
  readonly shard: number
  readonly task: string
  /** Whether as many replicas hold its claim as were asked for. */
  readonly isAcknowledged: boolean
  /** Trust in the lease ends here, on the monotonic clock, ms. */
  trustedUntil = 0
  /** The same on the wall clock: while a host sleeps the monotonic clock may stand still. */
  trustedUntilWall = 0
  #abort: Abort | null = null
  #controller: AbortController | null = null
  #abortListeners: (() => void)[] | null = null
  #endListeners: (() => void)[] | null = null
  #hasEnded = false

  constructor({ claimed, shard, task, isAcknowledged }: ActiveRunFacts) {
    this.claimed = claimed
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

  /** Calls back once when the handler has come to its end or was given up, at once when it has already. */
  onEnd(listener: () => void): void {
    if (this.#hasEnded) listener()
    else (this.#endListeners ??= []).push(listener)
  }

  /** The handler has come to its end, or was given up. */
  end(): void {
    this.#hasEnded = true
    for (const listener of this.#endListeners ?? []) listener()
    this.#endListeners = null
  }
}
