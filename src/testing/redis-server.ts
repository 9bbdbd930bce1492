import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EverybeatError, showValue } from '../errors.js'
import { installRedisServer, type Machine, missingRedis, tryFindRedisServer } from './install-redis.js'
import { PortTakenError, type RedisProcess, spawnRedis } from './redis-process.js'

/** Options of {@link startRedisServer}; all are optional. */
export interface RedisServerOptions {
  /** TCP port on the loopback; default: a free one. */
  port?: number | undefined
  /** More arguments of the server, such as `['--appendonly', 'yes']`; they win over the defaults. */
  args?: readonly string[] | undefined
  /** More environment variables of the server. */
  env?: Readonly<Record<string, string>> | undefined
  /** The server's folder, which is kept; default: a new one in the temporary folder, removed by `stop()`. */
  dir?: string | undefined
  /** Longest time until the server accepts connections, ms; default 30 000. */
  readyTimeoutMs?: number | undefined
  /** Receives the lines of the server's own log, unless `quiet`. */
  onProgress?: ((line: string) => void) | undefined
  /** `false` shows the server's log, on stderr without an `onProgress`; default: `true`, no log. */
  quiet?: boolean | undefined
}

/** A throw-away Redis server that ends with this process. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** Its port on the loopback. */
  readonly port: number
  /** The process id of the running server, or of the last one. */
  readonly pid: number
  /** The working folder, which holds its files. */
  readonly dir: string
  /** Ends the server in order and removes its folder, unless the caller gave that. Calling it again does nothing. */
  stop(): Promise<void>
  /** Sends a signal, by default SIGKILL; resolves when the process has ended, after SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /**
   * Starts the server again on the same port and folder. A running server ends in order first. Its arguments decide
   * whether its data is kept: `--appendonly yes` keeps it.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_STATE` after `stop()`.
   */
  restart(): Promise<void>
}

const DEFAULT_ARGS: Record<string, string> = { '--bind': '127.0.0.1', '--save': '', '--appendonly': 'no' }
const RESERVED_ARGS = ['--port', '--dir', '--logfile', '--loglevel', '--daemonize']
const STOP_TIMEOUT_MS = 10_000

/**
 * Starts a throw-away `redis-server` or `valkey-server` from the PATH, or the one that the environment
 * variable `EVERYBEAT_REDIS_SERVER` names by its path: on the loopback, on a free port, without persistence, unless the
 * options set otherwise. Resolves when it accepts connections.
 *
 * @example
 * await using server = await startRedisServer()
 * const beat = new Everybeat({ redis: server.url })
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` when this machine has no server, `ERR_EVERYBEAT_CONNECTION` with
 * the server's output when it does not start, `ERR_EVERYBEAT_OPTIONS` for an argument that has an option here.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const args = resolveArgs(options.args ?? [])
  const binary = tryFindRedisServer()
  if (binary === null) throw missingRedis()
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'everybeat-redis-'))
  const temporaryDir = options.dir === undefined ? dir : null
  const removeDir = (): void => {
    if (temporaryDir !== null) rmSync(temporaryDir, { recursive: true, force: true })
  }
  const readyTimeoutMs = options.readyTimeoutMs ?? 30_000
  const { env = {} } = options
  const spawnOn = (port: number): Promise<RedisProcess> =>
    spawnRedis({ binary, args, env, port, dir, temporaryDir, readyTimeoutMs, onLine: lineReader(options) })
  try {
    const { port, redis } = await spawnOnFreePort(options.port, spawnOn)
    return createRedisServer({ port, dir, first: redis, spawnAgain: () => spawnOn(port), removeDir })
  } catch (error) {
    removeDir()
    throw error
  }
}

/**
 * Makes sure that this machine has a Redis server and gives the path of its binary. If it has none, one is installed
 * without a question, by the package manager only: `apt-get` as root on Debian and its children, Homebrew on macOS; no
 * service is started. The lines of a long installation are handed to `onProgress`, by default stderr; `quiet` drops
 * them.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` with what to install and how, if the installation is not possible.
 */
export async function ensureRedisServer(
  options: { onProgress?: ((line: string) => void) | undefined; quiet?: boolean | undefined } = {},
  machine: Machine = {},
): Promise<string> {
  const found = tryFindRedisServer(machine)
  if (found !== null) return found
  const show = options.quiet === true ? () => {} : (options.onProgress ?? writeToStderr)
  return installRedisServer(show, machine)
}

/** A started server, with the functions that start it again and remove its files. */
interface StartedServer {
  readonly port: number
  readonly dir: string
  readonly first: RedisProcess
  readonly spawnAgain: () => Promise<RedisProcess>
  readonly removeDir: () => void
}

function createRedisServer({ port, dir, first, spawnAgain, removeDir }: StartedServer): RedisServer {
  let redis = first
  let isStopped = false
  const end = async (): Promise<void> => {
    if (redis.hasExited()) return
    redis.signal('SIGTERM')
    redis.signal('SIGCONT')
    const timer = setTimeout(() => redis.signal('SIGKILL'), STOP_TIMEOUT_MS)
    await redis.untilExit()
    clearTimeout(timer)
  }
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return redis.pid
    },
    async stop() {
      isStopped = true
      await end()
      removeDir()
    },
    async kill(signal = 'SIGKILL') {
      redis.signal(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await redis.untilExit()
    },
    async restart() {
      if (isStopped) throw new EverybeatError('ERR_EVERYBEAT_STATE', 'This Redis server was stopped; start a new one.')
      await end()
      redis = await spawnAgain()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
  return server
}

async function spawnOnFreePort(
  wanted: number | undefined,
  spawnOn: (port: number) => Promise<RedisProcess>,
): Promise<{ port: number; redis: RedisProcess }> {
  if (wanted !== undefined) return { port: wanted, redis: await spawnOn(wanted) }
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort()
    try {
      return { port, redis: await spawnOn(port) }
    } catch (error) {
      // Another process may have taken the port between the search and the start.
      if (!(error instanceof PortTakenError) || attempt === 10) throw error
    }
  }
}

/**
 * Finds a free port below 32 768, because kernels take the ports of outgoing connections from above: there a client
 * that reconnects to a killed server can connect to itself, which blocks the port for the restart.
 */
async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) return port
  }
  throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', 'No free port between 20000 and 32000 on 127.0.0.1.')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

function resolveArgs(args: readonly string[]): string[] {
  const reserved = args.find((arg) => RESERVED_ARGS.includes(arg.toLowerCase()))
  if (reserved !== undefined) {
    const message = `args may not have ${showValue(reserved)}: use the options port and dir; the log is read by startRedisServer itself.`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'args', value: reserved })
  }
  const defaults = Object.entries(DEFAULT_ARGS).filter(([name]) => !args.includes(name))
  return [...defaults.flat(), ...args]
}

function lineReader({ onProgress, quiet }: RedisServerOptions): (line: string) => void {
  return quiet === false ? (onProgress ?? writeToStderr) : () => {}
}

function writeToStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}
