import { showValue, type ErrorCode } from '../errors.js'
import type { AbandonReason, FailureReason, SkipReason } from './reasons.js'

/** What every event about a run says. Instants are epoch milliseconds of Redis's clock. */
export interface RunEvent {
  readonly runId: string
  readonly schedule: string
  readonly task: string
  readonly scheduledAt: number
  readonly worker: string
  readonly attempt: number
  readonly fence: number
}

/** An error as plain data. */
export interface ErrorData {
  readonly name: string
  readonly message: string
  /** The code of an Everybeat error, or what another error calls its code. */
  readonly code?: ErrorCode | (string & {})
}

/** Every event of an instance and its payload: plain data. A listener that throws harms nothing. */
export interface EverybeatEvents {
  'run:started': (event: RunEvent & { latenessMs: number; missed: number; catchUp: boolean; manual: boolean }) => void
  'run:succeeded': (event: RunEvent & { durationMs: number; latenessMs: number }) => void
  /** The second argument is what the handler threw, as it was thrown; undefined where nothing was thrown. */
  'run:failed': (
    event: RunEvent & { durationMs: number; reason: FailureReason; error: ErrorData },
    thrown: unknown,
  ) => void
  /** The second argument is what the handler threw, as it was thrown. */
  'run:retrying': (event: RunEvent & { durationMs: number; delayMs: number; error: ErrorData }, thrown: unknown) => void
  'run:skipped': (event: { schedule: string; scheduledAt: number; reason: SkipReason; count: number }) => void
  'run:abandoned': (event: RunEvent & { reason: AbandonReason; rerun: boolean }) => void
  'lease:lost': (event: RunEvent & { reason: string }) => void
  'schedule:changed': (event: { schedule: string }) => void
  'schedule:overwritten': (event: { schedule: string; fields: readonly string[] }) => void
  'schedule:invalid': (event: { schedule: string; error: string }) => void
  'schedule:late': (event: { schedule: string; dueAt: number; latenessMs: number }) => void
  'worker:joined': (event: { worker: string }) => void
  'worker:left': (event: { worker: string }) => void
  'fleet:mixed-tz': (event: { versions: Readonly<Record<string, number>> }) => void
  'connection:lost': (event: { address: string; error?: ErrorData }) => void
  'connection:restored': (event: { address: string; downMs: number }) => void
  /**
   * The engine met an error. One that repeats is emitted once, and once more when it has ended: then
   * `recoveredAfterMs` says how long it lasted.
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
  'worker:joined',
  'worker:left',
  'fleet:mixed-tz',
  'connection:lost',
  'connection:restored',
  'error',
] as const satisfies readonly (keyof EverybeatEvents)[]

/** What the listeners of an event get. */
export type EventOf<Name extends keyof EverybeatEvents> = Parameters<EverybeatEvents[Name]>[0]

/**
 * Sends an event to its listeners; one that is made by a function only when there is a listener. Never throws.
 *
 * @param thrown the second argument of `run:failed` and `run:retrying`
 */
export type Emit = <Name extends keyof EverybeatEvents>(
  name: Name,
  event: EventOf<Name> | (() => EventOf<Name>),
  thrown?: unknown,
) => void

/** An error of any kind as plain data without its stack. Never throws, whatever was thrown. */
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
    return { name: 'NonError', message: 'something that cannot be shown was thrown' }
  }
}
