import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { EverybeatError } from '../errors.js'

/** One process of a server. */
export interface RedisProcess {
  readonly pid: number
  /** Resolves when the process has ended; keeps this process alive until then. */
  untilExit(): Promise<void>
  hasExited(): boolean
  signal(signal: NodeJS.Signals): void
}

/** The input of {@link spawnRedis}; `temporaryDir` is a folder that is removed when this process ends. */
export interface RedisCommand {
  binary: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  port: number
  dir: string
  temporaryDir: string | null
  readyTimeoutMs: number
  onLine: (line: string) => void
}

/** The error of a server whose port is in use by another process. */
export class PortTakenError extends EverybeatError {}

const READY_LINE = 'Ready to accept connections'
const KEPT_LINES = 30

const exitHooks = new Set<() => void>()
const runExitHooks = (): void => exitHooks.forEach((hook) => hook())

/**
 * Starts a server and resolves once it accepts connections. The server ends when this process ends: on a normal exit,
 * on a signal, and also on SIGKILL. It has its own process group, so that a Ctrl-C in the terminal reaches only this
 * process, which then ends the server in order.
 *
 * @throws PortTakenError when the port is in use.
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` with the server's output when it ends or stays silent instead.
 */
export async function spawnRedis(command: RedisCommand): Promise<RedisProcess> {
  const { binary, port, dir } = command
  const child = spawn(binary, ['--port', String(port), '--dir', dir, ...command.args], {
    cwd: dir,
    env: { ...process.env, ...command.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
  const redis: RedisProcess = {
    pid: child.pid ?? -1,
    untilExit() {
      child.ref()
      return exited
    },
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    signal: (signal) => void child.kill(signal),
  }
  const release = child.pid === undefined ? () => {} : tieToThisProcess(child, child.pid, command.temporaryDir)
  void exited.then(release)
  try {
    await untilReady(child, command)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  // A server that was not stopped must not keep this process alive.
  child.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref()
  return redis
}

async function untilReady(child: ChildProcess, command: RedisCommand): Promise<void> {
  const lines: string[] = []
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string, cause?: unknown): void => {
        const message = `${command.binary} on 127.0.0.1:${command.port} ${what}. Its output: ${lines.join('\n') || '(none)'}`
        const isTaken = lines.some((line) => line.includes('Address already in use'))
        const ErrorClass = isTaken ? PortTakenError : EverybeatError
        reject(new ErrorClass('ERR_EVERYBEAT_CONNECTION', message, { field: 'port', value: command.port, cause }))
      }
      const onLine = (line: string): void => {
        lines.push(line)
        if (lines.length > KEPT_LINES) lines.shift()
        command.onLine(line)
        if (line.includes(READY_LINE)) resolve()
      }
      for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', onLine)
      child.once('error', (cause) => fail(`could not be started (${cause.message})`, cause))
      child.once('close', (exitCode, signal) => fail(`ended with ${signal ?? exitCode} before it was ready`))
      timer = setTimeout(() => fail(`was not ready after ${command.readyTimeoutMs} ms`), command.readyTimeoutMs)
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Ties the server to this process. @returns a function that unties them, for a server that has ended */
function tieToThisProcess(child: ChildProcess, pid: number, temporaryDir: string | null): () => void {
  const onExit = (): void => {
    child.kill('SIGKILL')
    if (temporaryDir !== null) rmSync(temporaryDir, { recursive: true, force: true })
  }
  // All servers share one hook, because Node warns about the eleventh listener of an event.
  if (exitHooks.size === 0) process.on('exit', runExitHooks)
  exitHooks.add(onExit)
  // No hook runs on SIGKILL, but the kernel closes this end of the pipe, so the read of the watcher ends.
  const script = 'read -r _; kill -KILL "$1"; [ -z "$2" ] || rm -rf -- "$2"'
  const watcher = spawn('/bin/sh', ['-c', script, 'sh', String(pid), temporaryDir ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => {})
  watcher.stdin.on('error', () => {})
  watcher.unref()
  ;(watcher.stdin as unknown as { unref(): void }).unref()
  return () => {
    exitHooks.delete(onExit)
    if (exitHooks.size === 0) process.off('exit', runExitHooks)
    watcher.kill('SIGKILL')
  }
}
