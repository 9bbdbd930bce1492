import { readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { Everybeat, type EverybeatOptions, type Schedules } from '../index.js'
import { createColors, wantsColor, type Colors } from './colors.js'
import { CliFailure } from './failure.js'
import { safeJson } from './format.js'
import { openCluster } from './open-cluster.js'
import { parseServerList } from './redis-url.js'
import type { TableStyle } from './table.js'

/** The options that every command takes, before or after its name. */
export interface GlobalOptions {
  redis?: string
  tlsCa?: string
  tlsCert?: string
  tlsKey?: string
  prefix?: string
  as?: string
  shards?: number
  connectTimeout?: number
  json?: boolean
  color?: boolean
}

/** The parts that a command uses: the global options, the terminal, and Redis on demand. */
export interface Session {
  /** Whether the output is one JSON document for programs. */
  readonly json: boolean
  readonly colors: Colors
  readonly table: TableStyle
  /** Whether input and output are a terminal, so that a person can be asked. */
  readonly interactive: boolean
  /** The URL in `--redis`, `$EVERYBEAT_REDIS_URL` or `$REDIS_URL`; undefined when none is set. */
  readonly redis: string | undefined
  /**
   * Options of `new Everybeat(…)`: those of the configuration file, which the environment and the command line
   * override.
   */
  readonly connection: EverybeatOptions
  /** Writes a line to standard output. */
  print(line: string): void
  /** Writes a line for people to standard error. */
  note(line: string): void
  /** Writes the result of the command: the document as JSON with `--json`, otherwise the text. */
  result(document: unknown, text: () => string): void
  /** The schedules with the editor of `--as`, for the change list. */
  edits(beat: Everybeat, via?: 'cli' | 'import'): Schedules
  /** Calls `work` with a control client, and closes the client afterwards in any case. */
  withBeat<Result>(work: (beat: Everybeat) => Promise<Result>): Promise<Result>
}

/**
 * Makes the session of one command from its options and the process it runs in.
 *
 * @param config options of the configuration file; none for a command that needs no Redis
 */
export function createSession(options: GlobalOptions, config: EverybeatOptions = {}): Session {
  const { stdout, stderr, stdin, env } = process
  const colors = createColors(wantsColor({ option: options.color ?? true, isTerminal: stdout.isTTY, environment: env }))
  const explicit = options.redis ?? textOf(env.EVERYBEAT_REDIS_URL)
  const { connection, close } = connectionOf(options, explicit, config)
  const print = (line: string) => void stdout.write(`${line}\n`)
  return {
    json: options.json ?? false,
    colors,
    // Output without a terminal has no width, so its tables are never cut.
    table: { width: stdout.columns ?? Number.POSITIVE_INFINITY, paintHead: colors.dim },
    interactive: Boolean(stdin.isTTY && stdout.isTTY),
    redis: explicit ?? textOf(env.REDIS_URL),
    connection,
    print,
    note: (line) => void stderr.write(`${line}\n`),
    result: (document, text) => print(options.json ? safeJson(document, 2) : text()),
    edits: (beat, via = 'cli') => beat.schedules.as({ via }),
    async withBeat(work) {
      const beat = new Everybeat({ ...connection, logger: false })
      try {
        return await work(beat)
      } finally {
        await beat.stop()
        close()
      }
    },
  }
}

/** The options of the connection, and the function that closes a client that was opened for them. */
function connectionOf(
  options: GlobalOptions,
  explicit: string | undefined,
  config: EverybeatOptions,
): { connection: EverybeatOptions; close: () => void } {
  const url = explicit ?? (config.redis === undefined ? textOf(process.env.REDIS_URL) : config.redis)
  const list = typeof url === 'string' ? parseServerList(url) : null
  const cluster = list?.kind === 'cluster' ? openCluster(list) : undefined
  const given: EverybeatOptions = {
    redis: cluster ?? (list?.kind === 'sentinel' ? list.options : url),
    tls: readTls(options),
    prefix: options.prefix ?? textOf(process.env.EVERYBEAT_PREFIX),
    shards: options.shards,
    actor: options.as ?? config.actor ?? defaultActor(),
    connectTimeoutMs: options.connectTimeout,
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { connection: { ...config, ...set }, close: () => cluster?.disconnect() }
}

/** The default editor: `user@host`. */
function defaultActor(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    // A container may run as a user that has no name.
    return `${process.getuid?.() ?? 'user'}@${hostname()}`
  }
}

/** The text of a variable; one that is empty counts as not set. */
function textOf(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable
}

function readTls({ tlsCa, tlsCert, tlsKey }: GlobalOptions): EverybeatOptions['tls'] {
  const given = Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey }).filter(([, path]) => path !== undefined)
  if (given.length === 0) return undefined
  return Object.fromEntries(given.map(([name, path]) => [name, readPem(`--tls-${name}`, path!)]))
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const message = `${option}: ${path} cannot be read (${(cause as { code?: string }).code ?? 'unknown'}); give a PEM file`
    throw new CliFailure('ERR_CLI_USAGE', message, { cause })
  }
}
