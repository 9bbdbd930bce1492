import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { EverybeatError } from '../errors.js'
import { isExecutable, tryFindProgram } from './find-program.js'

/** The environment variable with the path of the server to start instead of the first one in `PATH`. */
const SERVER_VARIABLE = 'EVERYBEAT_REDIS_SERVER'
const BINARIES = ['redis-server', 'valkey-server']

/** The machine as an installation sees it; every field has the real machine's value as its default. */
export interface Machine {
  /** Environment variables; programs are searched in `PATH`. */
  env?: NodeJS.ProcessEnv
  /** The operating system, as `process.platform` has it. */
  platform?: NodeJS.Platform
  /** Whether the process may install packages. */
  isRoot?: boolean
  /** The file with which Debian's package scripts check whether they may start a service. */
  policyFile?: string
}

/**
 * Gives the server that the environment variable `EVERYBEAT_REDIS_SERVER` names, else the path of `redis-server`, else
 * of `valkey-server`, else `null`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` when the variable names no executable file.
 */
export function tryFindRedisServer(machine: Machine = {}): string | null {
  const { env = process.env, platform = process.platform } = machine
  const chosen = env[SERVER_VARIABLE]
  if (chosen !== undefined && chosen !== '') return checkServer(chosen)
  const found = tryFindProgram(BINARIES, { env, platform })
  if (found !== null || platform !== 'darwin') return found
  // The PATH of programs without a login shell often does not hold Homebrew's folder.
  return tryFindProgram(BINARIES, { env: { PATH: '/opt/homebrew/bin:/usr/local/bin' }, platform })
}

/**
 * Installs a Redis server with the platform's package manager and gives the path of its binary. Never asks a question
 * and starts no service: `apt-get` as root on Debian and its children, Homebrew on macOS.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_DEPENDENCY` with what to install and how, if the installation is not possible
 *   or fails.
 */
export async function installRedisServer(onProgress: (line: string) => void, machine: Machine = {}): Promise<string> {
  const { env = process.env, platform = process.platform, isRoot = process.getuid?.() === 0 } = machine
  const aptGet = tryFindProgram(['apt-get'], { env, platform })
  const brew = tryFindProgram(['brew'], { env, platform })
  let failure: unknown
  try {
    if (platform === 'linux' && isRoot && aptGet !== null)
      await installWithApt(aptGet, 'redis-server', onProgress, machine)
    else if (platform === 'darwin' && !isRoot && brew !== null) {
      onProgress('Installing Redis with Homebrew; this may take some minutes.')
      await runToEnd(
        brew,
        ['install', 'redis'],
        { ...env, NONINTERACTIVE: '1', HOMEBREW_NO_ENV_HINTS: '1' },
        onProgress,
      )
    }
  } catch (error) {
    failure = error
  }
  const binary = tryFindRedisServer(machine)
  if (binary === null) throw missingRedis(platform, failure)
  return binary
}

/** The error that says what to install and how. */
export function missingRedis(platform: NodeJS.Platform = process.platform, cause?: unknown): EverybeatError {
  const how =
    platform === 'darwin'
      ? '"brew install redis"'
      : platform === 'win32'
        ? 'Redis runs on Windows under WSL: "sudo apt-get install redis-server" there'
        : '"sudo apt-get install redis-server" (Debian, Ubuntu), "sudo dnf install redis" or "sudo dnf install valkey" (Fedora)'
  const tried = cause instanceof Error ? ` An installation was tried and failed: ${cause.message}` : ''
  return new EverybeatError(
    'ERR_EVERYBEAT_DEPENDENCY',
    `No Redis server on this machine: neither redis-server nor valkey-server is on the PATH. ` +
      `Install one and try again: ${how}. Or use a server that runs already, by its URL.${tried}`,
    { field: 'redis-server', cause },
  )
}

/**
 * Installs one package with `apt-get`, as root, without questions; a service in the package is not started.
 * Waits up to two minutes for another installation to end. Rejects with the end of the output when it fails.
 */
export async function installWithApt(
  aptGet: string,
  packageName: string,
  onProgress: (line: string) => void,
  machine: Machine = {},
): Promise<void> {
  const { env = process.env, policyFile = '/usr/sbin/policy-rc.d' } = machine
  const aptEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
  onProgress(`Installing ${packageName} with apt-get; this may take a minute.`)
  const allowServices = forbidServices(policyFile)
  try {
    // Old package lists suffice: only the installation itself must succeed.
    await runToEnd(aptGet, ['update'], aptEnv, onProgress).catch((error: Error) => onProgress(error.message))
    const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
    await runToEnd(aptGet, ['install', ...options, packageName], aptEnv, onProgress)
  } finally {
    allowServices()
  }
}

/**
 * Keeps package scripts from starting services until the returned function is called. If this process dies, the file
 * removes itself at the next check, which then allows services.
 */
function forbidServices(policyFile: string): () => void {
  if (existsSync(policyFile)) return () => {}
  const text = `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nrm -f "$0"\nexit 0\n`
  writeFileSync(policyFile, text, { mode: 0o755, flag: 'wx' })
  return () => {
    if (existsSync(policyFile) && readFileSync(policyFile, 'utf8') === text) rmSync(policyFile)
  }
}

/** Runs a program to its end, with a progress line every 10 s; rejects with the end of its output when it fails. */
async function runToEnd(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<void> {
  const command = [file, ...args].join(' ')
  let output = ''
  const startedAt = performance.now()
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2_000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const signOfLife = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    onProgress(`${command}: ${seconds} s, ${output.trim().split('\n').at(-1) ?? ''}`)
  }, 10_000)
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (exitCode !== 0) throw new Error(`"${command}" ended with ${exitCode}: ${output.trim().slice(-600)}`)
  } finally {
    clearInterval(signOfLife)
  }
}

function checkServer(file: string): string {
  if (isExecutable(file)) return file
  const message =
    `The environment variable ${SERVER_VARIABLE} is ${JSON.stringify(file)}, which is no file that can be executed: ` +
    `give it the path of a redis-server or valkey-server, or leave it out.`
  throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { field: SERVER_VARIABLE, value: file })
}
