import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { EverybeatError } from '../errors.js'

/** One run of a server's binary: from its start until its process is gone. */
export interface RedisProcess {
  readonly pid: number
  /** Resolves when the process is gone; keeps this process alive until then. */
  untilExit(): Promise<void>
  hasExited(): boolean
  signal(signal: NodeJS.Signals): void
}

/** What {@link spawnRedis} needs to know; `temporaryDir` is a folder that must not outlive this process. */
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

/** The server could not have its port: another process took it first. */
export class PortTakenError extends EverybeatError {}

const READY_LINE = 'Ready to accept connections'
const KEPT_LINES = 30

const exitHooks = new Set<() => void>()
const runExitHooks = (): void => exitHooks.forEach((hook) => hook())

/**
 * Starts a server and resolves once it accepts connections. The server ends with this process however that ends: on an
 * ordinary exit, on a signal, and also on SIGKILL. It sits in a process group of its own, so that a Ctrl-C in the
 * terminal reaches this process first and the server is still there for an orderly end.
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
  // A server that was not stopped must not keep a process alive.
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

/** Gives a function that unties the two again, once the server is gone. */
function tieToThisProcess(child: ChildProcess, pid: number, temporaryDir: string | null): () => void {
  const onExit = (): void => {
    child.kill('SIGKILL')
    if (temporaryDir !== null) rmSync(temporaryDir, { recursive: true, force: true })
  }
  // One hook for all servers: Node warns about the eleventh listener of an event.
  if (exitHooks.size === 0) process.on('exit', runExitHooks)
  exitHooks.add(onExit)
  // No hook runs on SIGKILL, but the kernel closes our end of the pipe, and the watcher's read comes back.
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
