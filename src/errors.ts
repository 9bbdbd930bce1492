/** Every code of an {@link EverybeatError}, with its meaning. A test compares the reference page with this table. */
export const ERROR_CODES = {
  ERR_EVERYBEAT_OPTIONS: 'An option of `new Everybeat(…)`, of a task or of a call is wrong.',
  ERR_EVERYBEAT_NAME: 'A schedule, task, pool, tag or owner name is empty, too long or holds control characters.',
  ERR_EVERYBEAT_DEFINITION: 'A schedule definition has an unknown, missing or wrong field.',
  ERR_EVERYBEAT_CRON: 'A cron expression cannot be honoured.',
  ERR_EVERYBEAT_ZONE: 'A time zone is not an IANA name that this runtime knows.',
  ERR_EVERYBEAT_DURATION: 'A duration is not a number of milliseconds or a text such as `90s`, `5m`, `1h30m`, `PT90S`.',
  ERR_EVERYBEAT_INSTANT: 'An instant is not a valid ISO 8601 text, Date or number of epoch milliseconds.',
  ERR_EVERYBEAT_TRIGGER: 'A trigger other than cron is wrong: rrule, solar, exclusions, limits.',
  ERR_EVERYBEAT_PAYLOAD: 'A payload is not JSON, too large, or refused by the schema of its task.',
  ERR_EVERYBEAT_STATE: 'The call does not fit the state of the instance: started twice, already stopped.',
  ERR_EVERYBEAT_CONNECTION: 'Redis cannot be reached.',
  ERR_EVERYBEAT_SERVER:
    'The server or its user refuses what a fleet needs: scripts, `TIME`, streams, keys of the prefix.',
  ERR_EVERYBEAT_LAYOUT: 'The keys under this prefix belong to a layout this version does not know.',
  ERR_EVERYBEAT_DEPENDENCY: 'An optional package or a file that this feature needs is missing.',
  ERR_EVERYBEAT_WEBHOOK: 'The receiver of a webhook did not answer with success.',
  ERR_EVERYBEAT_MONITOR: 'A service that monitors schedules did not take a report.',
  ERR_EVERYBEAT_COMMAND: 'A command of a shell task cannot be started, or did not end with success.',
  ERR_EVERYBEAT_TIMEOUT: 'A run took longer than its `timeout`; the reason of its signal.',
  ERR_EVERYBEAT_LEASE_LOST: 'Trust in the lease of a run has ended; the reason of its signal.',
  ERR_EVERYBEAT_REPLACED: 'A newer occurrence replaces this run; the reason of its signal.',
  ERR_EVERYBEAT_CANCELLED: 'This run was cancelled; the reason of its signal.',
  ERR_EVERYBEAT_SHUTDOWN: 'The worker stops and its time-out passed; the reason of the signal.',
} as const

/** A stable code of an {@link EverybeatError}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** The facts that an {@link EverybeatError} can carry beside its message. */
export interface EverybeatErrorDetails {
  /** The field, option or argument that is wrong, as the user wrote it. */
  field?: string
  /** The value that is refused. */
  value?: unknown
  /** The schedule whose definition is wrong. */
  schedule?: string
  cause?: unknown
}

/** The one base of all errors that Everybeat throws, rejects with, or gives as the reason of a signal. */
export class EverybeatError extends Error {
  /** Always `EverybeatError`. */
  override readonly name = 'EverybeatError'
  /** The stable code of the error: see `ERROR_CODES`. */
  readonly code: ErrorCode
  /** The option or field that is refused; absent when the error is about none. */
  readonly field?: string
  /** The value that is refused; absent when the error is about none. */
  readonly value?: unknown
  /** The schedule whose definition is wrong; absent when the error is about none. */
  readonly schedule?: string

  constructor(code: ErrorCode, message: string, details: EverybeatErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.field !== undefined) this.field = details.field
    if ('value' in details) this.value = details.value
    if (details.schedule !== undefined) this.schedule = details.schedule
  }
}

/** Formats a value for a message: as JSON if it has a JSON form, at most 120 characters. */
export function showValue(value: unknown): string {
  let text: string
  try {
    text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))
  } catch {
    text = Object.prototype.toString.call(value)
  }
  // Line ends, and characters that change the direction of text, must not reach a terminal.
  text = text.replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escapeCharacter)
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
