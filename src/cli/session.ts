import { readFileSync } from 'node:fs'
import { Everybeat, type EverybeatOptions } from '../index.js'
import { createColors, wantsColor, type Colors } from './colors.js'
import { CliFailure } from './failure.js'
import type { TableStyle } from './table.js'

/** The options that every command takes, before or after its name. */
export interface GlobalOptions {
  redis?: string
  tlsCa?: string
  tlsCert?: string
  tlsKey?: string
  prefix?: string
  shards?: number
  connectTimeout?: number
  json?: boolean
  color?: boolean
}

/** What a command works with: the options that all commands share, the terminal, and Redis when it asks for it. */
export interface Session {
  /** Whether the output is one JSON document for programs. */
  readonly json: boolean
  readonly colors: Colors
  readonly table: TableStyle
  /** Whether a person sits at both ends and can be asked. */
  readonly interactive: boolean
  /** The Redis to use: `--redis`, else `$REDIS_URL`, else nothing was said and the library's default holds. */
  readonly redis: string | undefined
  /** Options of `new Everybeat(…)` that follow from the global ones. */
  readonly connection: Pick<EverybeatOptions, 'redis' | 'tls' | 'prefix' | 'shards' | 'connectTimeoutMs'>
  /** Writes a line to standard output. */
  print(line: string): void
  /** Writes a line to standard error: what a person wants to know and a program does not. */
  note(line: string): void
  /** The command's result: the document as JSON with `--json`, else the text. */
  result(document: unknown, text: () => string): void
  /** Lends a control client (never started) and closes it, whatever happens. */
  withBeat<Result>(work: (beat: Everybeat) => Promise<Result>): Promise<Result>
}

const WIDTH_WHEN_PIPED = 80

/** Makes the session of one command from its options and the process it runs in. */
export function createSession(options: GlobalOptions): Session {
  const { stdout, stderr, stdin, env } = process
  const redis = options.redis ?? (env.REDIS_URL === '' ? undefined : env.REDIS_URL)
  const colors = createColors(wantsColor({ option: options.color ?? true, isTerminal: stdout.isTTY, environment: env }))
  const { prefix, shards, connectTimeout: connectTimeoutMs } = options
  const connection = { redis, tls: readTls(options), prefix, shards, connectTimeoutMs }
  const print = (line: string) => void stdout.write(`${line}\n`)
  return {
    json: options.json ?? false,
    colors,
    table: { width: stdout.columns ?? WIDTH_WHEN_PIPED, paintHead: colors.dim },
    interactive: Boolean(stdin.isTTY && stdout.isTTY),
    redis,
    connection,
    print,
    note: (line) => void stderr.write(`${line}\n`),
    result: (document, text) => print(options.json ? JSON.stringify(document, null, 2) : text()),
    async withBeat(work) {
      const beat = new Everybeat({ ...connection, logger: false })
      try {
        return await work(beat)
      } finally {
        await beat.stop()
      }
    },
  }
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
