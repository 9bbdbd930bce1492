import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { findConfig } from './config.js'
import { CliFailure } from './failure.js'
import { createSession, type GlobalOptions, type Session } from './session.js'

export { Argument, Command, Option }

/**
 * The action of a command: `options` are its own and the global ones; a returned number is the exit code, undefined
 * means 0.
 */
export type Action<Options, Arguments extends unknown[]> = (
  session: Session,
  options: Options & GlobalOptions,
  ...positional: Arguments
) => Promise<number | void>

/** Commands that need no Redis, and so work with a wrong configuration file too. */
const WITHOUT_REDIS = ['preview', 'validate', 'schema', 'completion', 'init', 'demo', 'memory-server', 'simulate']

/** Gives a command its action, with a session from the global options, before or after its name on the line. */
export function setAction<Options extends object, Arguments extends unknown[]>(
  command: Command,
  action: Action<Options, Arguments>,
): void {
  command.action(async (...received: unknown[]) => {
    const positional = received.slice(0, -2) as Arguments
    const options = command.optsWithGlobals<Options & GlobalOptions>()
    const config = WITHOUT_REDIS.includes(command.name()) ? null : await findConfig(process.cwd())
    const code = await action(createSession(options, config?.options), options, ...positional)
    if (code !== undefined) process.exitCode = code
  })
}

/** Reads an option or argument that is a whole number from `least` up; anything else is a usage error. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least)) throw new InvalidArgumentError(`Give a whole number from ${least} up.`)
    return value
  }
}

/** Reads an option that is a positive number, whole or not; the library checks its upper bound. */
export function rate(text: string): number {
  const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

/** Collects an option that may be given several times. */
export function collect(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text]
}

/** Whether an error only reports that help or the version was shown. */
export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0
}

/** Turns an error of the argument parser into a usage failure; returns any other error unchanged. */
export function asUsageFailure(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  const message = error.code === 'commander.help' ? 'no command given; see everybeat --help' : error.message
  return new CliFailure('ERR_CLI_USAGE', message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '))
}
