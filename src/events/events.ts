import { showValue, type ErrorCode } from '../errors.js'
import type { AbandonReason, FailureReason, SkipReason } from './reasons.js'

/** The fields of every event about a run. Instants are epoch milliseconds of Redis's clock. */
export interface RunEvent {
  /** Id of the run: the same across its attempts and deliveries. */
  readonly runId: string
  /** Name of the schedule; a generated name for a run of `handle.run()`. */
  readonly schedule: string
  /** Name of the task; empty if unknown, as in `run:abandoned` with reason `crash`. */
  readonly task: string
  /** The nominal instant of the occurrence, epoch ms. */
  readonly scheduledAt: number
  /** Id of the worker that the event is about. */
  readonly worker: string
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** Fencing token of the claim. */
  readonly fence: number
}

/** An error as plain data. */
export interface ErrorData {
  /** Class of the error: `EverybeatError`, `TypeError`, …; `NonError` for a thrown value that is no error. */
  readonly name: string
  /** Text for people. */
  readonly message: string
  /** The code of an Everybeat error, or the `code` of another error. */
  readonly code?: ErrorCode | (string & {})
}

/**
 * Every event of an instance and its payload: plain data, with durations in ms and instants in epoch ms of Redis's
 * clock. An error of a listener becomes an `error` event and has no other effect. Events about runs are emitted only on
 * the worker that has the run.
 */
export interface EverybeatEvents {
  /**
   * The payload was checked and the handler is about to be called. `latenessMs` is the delay after the start instant, 0 for
   * retries and reruns; `missed` counts the missed occurrences that the run makes up for, without its own; `catchUp`:
   * the run makes up for a missed occurrence; `manual`: a person or a program requested the run.
   */
  'run:started': (event: RunEvent & { latenessMs: number; missed: number; catchUp: boolean; manual: boolean }) => void
  /**
   * The handler returned after `durationMs`, and Redis has recorded it. `latenessMs` is that of the start. `recovered` is
   * true when a run of the schedule, on any worker, has failed or was abandoned since its last run that succeeded;
   * otherwise the field is absent.
   */
  'run:succeeded': (event: RunEvent & { durationMs: number; latenessMs: number; recovered?: boolean }) => void
  /**
   * The last attempt failed after `durationMs`, or the run was cancelled or replaced, and Redis has recorded it.
   * `reason` says which; `error` is the thrown error as plain data. The second argument is the thrown value itself;
   * undefined for none.
   */
  'run:failed': (
    event: RunEvent & { durationMs: number; reason: FailureReason; error: ErrorData },
    thrown: unknown,
  ) => void
  /**
   * An attempt failed after `durationMs` with `error`, and another one follows after `delayMs`. The second argument is
   * the thrown value itself.
   */
  'run:retrying': (event: RunEvent & { durationMs: number; delayMs: number; error: ErrorData }, thrown: unknown) => void
  /**
   * An occurrence of `schedule` at `scheduledAt` does not run, by `reason`. A `count` of more than 1 covers as many
   * consecutive occurrences, of which `scheduledAt` is the first.
   */
  'run:skipped': (event: { schedule: string; scheduledAt: number; reason: SkipReason; count: number }) => void
  /**
   * A run ended because its worker died, stops, or lost its lease: `reason`. `rerun` says whether it is delivered again.
   * With reason `crash` the event is emitted on the worker that noticed it: `worker` is the dead worker, `task` is
   * empty.
   */
  'run:abandoned': (event: RunEvent & { reason: AbandonReason; rerun: boolean }) => void
  /** A run on this worker has lost its lease, or the trust in it has ended. `reason` is text for people. */
  'lease:lost': (event: RunEvent & { reason: string }) => void
  /**
   * The definition of `schedule` was written or removed, or the schedule was paused or resumed; emitted on every
   * started instance.
   */
  'schedule:changed': (event: { schedule: string }) => void
  /** A declaration of this instance overwrote `fields` of `schedule` that had been edited live. */
  'schedule:overwritten': (event: { schedule: string; fields: readonly string[] }) => void
  /** The definition of `schedule` cannot be used. `error` is text with code, field and value. */
  'schedule:invalid': (event: { schedule: string; error: string }) => void
  /**
   * Work has been due since `dueAt`, for `latenessMs`, which is more than 10 s, and no worker claimed it. `schedule` is
   * the name of its schedule, or empty if several may be late. Emitted on the worker that does the maintenance.
   */
  'schedule:late': (event: { schedule: string; dueAt: number; latenessMs: number }) => void
  /** Work of `task` waits, and no live worker of `pool` has the task. `schedule` is one of the `count` that wait. */
  'task:unserved': (event: { task: string; pool: string; schedule: string; count: number }) => void
  /** The worker with the id `worker` joined the fleet; emitted on every started instance, its own included. */
  'worker:joined': (event: { worker: string }) => void
  /** The worker with the id `worker` stopped, or has sent no heartbeat for 15 s; emitted on every started instance. */
  'worker:left': (event: { worker: string }) => void
  /**
   * The workers have different time-zone data: `versions` counts the workers by version. Emitted once for each such mix, on
   * the worker that does the maintenance.
   */
  'fleet:mixed-tz': (event: { versions: Readonly<Record<string, number>> }) => void
  /**
   * The dataset of Redis was set back in time, noticed at `at`: a replica that lagged behind took over, or a backup was
   * restored. Writes after `to` are lost; `to` is null if the dataset is older than this worker. Both are epoch ms.
   */
  'dataset:rewound': (event: { at: number; to: number | null }) => void
  /** The command connection to `address` is lost and reconnects; `error`, if one is known, is the cause. */
  'connection:lost': (event: { address: string; error?: ErrorData }) => void
  /** The command connection to `address` works again, after `downMs`. */
  'connection:restored': (event: { address: string; downMs: number }) => void
  /**
   * An error of the engine that no call could throw; `context` names the operation. A repeated error is emitted once,
   * and once more when it has ended, with its duration `recoveredAfterMs`. Without a listener nothing is thrown.
   */
  error: (event: ErrorData & { context: string; recoveredAfterMs?: number }) => void
}

/** The names of all events, in the order of the reference page. */
export const EVENT_NAMES = [
  'run:started',
  'run:succeeded',
  'run:failed',
  'run:retrying',
  'run:skipped',
  'run:abandoned',
  'lease:lost',
  'schedule:changed',
  'schedule:overwritten',
  'schedule:invalid',
  'schedule:late',
  'task:unserved',
  'worker:joined',
  'worker:left',
  'fleet:mixed-tz',
  'dataset:rewound',
  'connection:lost',
  'connection:restored',
  'error',
] as const satisfies readonly (keyof EverybeatEvents)[]

/** The payload of an event. */
export type EventOf<Name extends keyof EverybeatEvents> = Parameters<EverybeatEvents[Name]>[0]

/**
 * Sends an event to its listeners. A function that creates the event is called only for a listener. Never throws.
 *
 * @param thrown the second argument of `run:failed` and `run:retrying`
 */
export type Emit = <Name extends keyof EverybeatEvents>(
  name: Name,
  event: EventOf<Name> | (() => EventOf<Name>),
  thrown?: unknown,
) => void

/** Any thrown value as plain data without a stack. Never throws. */
export function toErrorData(error: unknown): ErrorData {
  try {
    if (error instanceof Error) {
      const code = (error as { code?: unknown }).code
      return {
        name: String(error.name),
        message: String(error.message),
        ...(typeof code === 'string' ? { code } : {}),
      }
    }
    return { name: 'NonError', message: typeof error === 'string' ? error : showValue(error) }
  } catch {
    return { name: 'NonError', message: 'a value that cannot be shown was thrown' }
  }
}
