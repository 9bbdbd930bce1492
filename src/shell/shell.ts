import { userInfo } from 'node:os'
import { EverybeatError, type Run } from '../index.js'
import { runCommand, type CommandResult } from './command.js'

/** The payload of a run: the command to execute. */
export interface ShellPayload {
  /** The text for the shell, as a line of a crontab has it; with `args` the program itself, and no shell. */
  command: string
  /** Arguments for the program, each passed unchanged. */
  args?: readonly string[]
  /** The standard input of the program. */
  stdin?: string
  /** More environment variables; `SHELL` is the shell that reads `command`. */
  env?: Readonly<Record<string, string>>
  /** The user of the command; refused unless the worker runs as this user. */
  user?: string
}

/** Options of {@link shell}. A field that is `undefined` means its default. */
export interface ShellOptions {
  /** The allowed commands, word for word; default: every command. */
  commands?: readonly string[] | undefined
  /** The folder in which commands start; default: that of the worker. */
  cwd?: string | undefined
  /** The environment of commands, before that of the payload; default: that of the worker. */
  env?: Readonly<Record<string, string | undefined>> | undefined
}

/** The result of a run whose command succeeded. */
export type ShellResult = CommandResult

const PAYLOAD_FIELDS = ['command', 'args', 'stdin', 'env', 'user']
const ALLOWED = 'the text of a command, or { command, args?, stdin?, env?, user? }'

/**
 * Makes a handler that runs commands, for schedules that come from a crontab. Nothing registers it by itself: every program
 * that may write schedules may then run commands as the user of this worker, so restrict them with `commands`.
 *
 * A payload is the text of a command for `/bin/sh -c`, or `{ command, args?, stdin?, env?, user? }`. Nothing is inserted
 * into the text: values belong into `args`, `stdin` or `env`. The run is in the environment: `EVERYBEAT_RUN_ID`,
 * `EVERYBEAT_SCHEDULE`, `EVERYBEAT_SCHEDULED_AT`, `EVERYBEAT_ATTEMPT`, `EVERYBEAT_FENCE`.
 *
 * The result is `{ exitCode: 0, stdout, stderr }`, the end of each, about 1 900 signs. Another exit code fails the run. When the run is
 * aborted the command and what it started get SIGTERM, and a second later SIGKILL.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`; a run fails with `ERR_EVERYBEAT_COMMAND`, or `ERR_EVERYBEAT_PAYLOAD`
 */
export function shell(options: ShellOptions = {}): (run: Run) => Promise<ShellResult> {
  const { commands, cwd, env = process.env } = options
  if (commands !== undefined && !(Array.isArray(commands) && commands.every((text) => typeof text === 'string'))) {
    const message = 'commands: allowed: a list of texts'
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'commands', value: commands })
  }
  return async (run) => {
    const payload = readPayload(run.payload)
    if (commands && !commands.includes(payload.command)) {
      throw refusePayload('command', payload.command, 'one of the commands that this worker was given')
    }
    const user = userInfo().username
    if (payload.user !== undefined && payload.user !== user) {
      throw refusePayload('user', payload.user, `${user}, whom this worker runs as`)
    }
    const [file, args] = payload.args
      ? [payload.command, payload.args]
      : [payload.env?.['SHELL'] ?? '/bin/sh', ['-c', payload.command]]
    return await runCommand(file, args, {
      cwd,
      env: { ...env, ...payload.env, ...describe(run) },
      stdin: payload.stdin ?? '',
      signal: run.signal,
    })
  }
}

function describe(run: Run): Record<string, string> {
  return {
    EVERYBEAT_RUN_ID: run.id,
    EVERYBEAT_SCHEDULE: run.schedule,
    EVERYBEAT_SCHEDULED_AT: run.scheduledAt.toISOString(),
    EVERYBEAT_ATTEMPT: String(run.attempt),
    EVERYBEAT_FENCE: String(run.fence),
  }
}

function readPayload(payload: unknown): ShellPayload {
  const given = typeof payload === 'string' ? { command: payload } : payload
  if (typeof given !== 'object' || given === null) throw refusePayload('payload', payload, ALLOWED)
  const fields = given as Record<string, unknown>
  const unknown = Object.keys(fields).find((name) => !PAYLOAD_FIELDS.includes(name))
  if (unknown !== undefined) throw refusePayload('payload', unknown, ALLOWED)
  const { command, args, stdin, env, user } = fields
  const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0')
  if (!isText(command) || command === '') throw refusePayload('command', command, ALLOWED)
  if (args !== undefined && !(Array.isArray(args) && args.every(isText))) throw refusePayload('args', args, 'texts')
  if (stdin !== undefined && typeof stdin !== 'string') throw refusePayload('stdin', stdin, 'text')
  const isEnv = typeof env === 'object' && env !== null && !Array.isArray(env) && Object.values(env).every(isText)
  if (env !== undefined && !isEnv) throw refusePayload('env', env, 'an object of texts')
  if (user !== undefined && typeof user !== 'string') throw refusePayload('user', user, 'text')
  return given as ShellPayload
}

function refusePayload(field: string, value: unknown, allowed: string): EverybeatError {
  const message = `${field}: ${JSON.stringify(value) ?? String(value)}; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_PAYLOAD', message, { field, value })
}
