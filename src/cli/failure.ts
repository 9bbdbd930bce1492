import { EverybeatError, type ErrorCode } from '../index.js'

/** The codes of failures of the command line, with their meaning. */
export const CLI_CODES = {
  ERR_CLI_USAGE:
    'The command line is wrong: an unknown command or option, a missing argument, a file that cannot be read.',
  ERR_CLI_NOT_FOUND: 'No schedule has this name, or no run has this id.',
  ERR_CLI_CONFLICT: 'The schedule was changed by others, or the imported system is still running.',
  ERR_CLI_FAILED:
    'The command failed: the run of `run --wait` did not succeed, an edit failed, a module cannot be loaded, a demo failed.',
  ERR_CLI_INTERNAL: 'Any other error: a bug, or a later error of a module of the user.',
} as const

/** A stable code of a {@link CliFailure}. */
export type CliCode = keyof typeof CLI_CODES

/** The failure of a command, with a message of one line. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  readonly code: CliCode

  constructor(code: CliCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * A failure as the command line reports it; the JSON form is `{ "error": … }` with these fields except the exit code.
 */
export interface FailureReport {
  readonly code: ErrorCode | CliCode
  readonly message: string
  readonly field?: string
  readonly value?: unknown
  /** Stack of an error of a module of the user or of a bug, with file and line. */
  readonly stack?: string
  /** 2 when the input was refused, 1 when the operation failed. */
  readonly exitCode: 1 | 2
}

/** The report of any thrown value: its code, its message and the exit code. */
export function reportFailure(error: unknown): FailureReport {
  if (error instanceof CliFailure) {
    return {
      code: error.code,
      message: error.message,
      ...(error.code === 'ERR_CLI_FAILED' && stackOf(error.cause)),
      exitCode: error.code === 'ERR_CLI_USAGE' ? 2 : 1,
    }
  }
  if (error instanceof EverybeatError) {
    const { code, message, field, value } = error
    const exitCode = REFUSED_INPUT.has(code) ? 2 : 1
    return { code, message, ...(field !== undefined && { field }), ...(value !== undefined && { value }), exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'ERR_CLI_INTERNAL', message, ...stackOf(error), exitCode: 1 }
}

// Frames of Node and of the command line are removed, because they do not concern the module of the user.
function stackOf(error: unknown): { stack?: string } {
  const isForeign = error instanceof Error && !(error instanceof EverybeatError) && error.stack !== undefined
  if (!isForeign || 'syscall' in error) return {}
  const frames = error
    .stack!.split('\n')
    .filter((line) => !/^\s+at .*(node:internal|[\\/]dist[\\/]cli[\\/]|[\\/]commander[\\/])/.test(line))
  return { stack: frames.join('\n') }
}

const REFUSED_INPUT: ReadonlySet<ErrorCode> = new Set([
  'ERR_EVERYBEAT_OPTIONS',
  'ERR_EVERYBEAT_NAME',
  'ERR_EVERYBEAT_DEFINITION',
  'ERR_EVERYBEAT_CRON',
  'ERR_EVERYBEAT_ZONE',
  'ERR_EVERYBEAT_DURATION',
  'ERR_EVERYBEAT_INSTANT',
  'ERR_EVERYBEAT_TRIGGER',
  'ERR_EVERYBEAT_PAYLOAD',
] satisfies ErrorCode[])
