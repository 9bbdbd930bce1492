import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'

/** The built command, as npm would link it. */
export const MAIN = join(PROJECT_DIR, 'dist/cli/main.js')

/** How a command line ended. */
export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a command line runs in; the rest of the environment is empty but for PATH and HOME. */
export interface CliOptions {
  readonly env?: Record<string, string>
  readonly input?: string
  readonly cwd?: string
}

/** A command line that runs. */
export interface CliProcess {
  readonly pid: number
  /** The first line of standard output, past or to come, that matches; rejects when the process ends without it. */
  line(pattern: RegExp): Promise<string>
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process has ended. */
  readonly ended: Promise<CliResult>
}

/** Starts `everybeat …` as a process; it is killed after the test if it is still there. */
export function startCli(parameters: readonly string[], options: CliOptions = {}): CliProcess {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [MAIN, ...parameters], {
    env: { PATH, HOME, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.end(options.input ?? '')
  let stdout = ''
  let stderr = ''
  const told = new EventEmitter()
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    told.emit('more')
  })
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  let hasEnded = false
  const ended = once(child, 'close').then(([exitCode]): CliResult => {
    hasEnded = true
    told.emit('more')
    return { exitCode: exitCode as number | null, stdout, stderr }
  })
  return {
    pid: child.pid ?? -1,
    ended,
    kill: (signal) => void child.kill(signal),
    async line(pattern) {
      const signal = AbortSignal.timeout(30_000)
      for (;;) {
        const found = stdout.split('\n').find((line) => pattern.test(line))
        if (found !== undefined) return found
        if (hasEnded) throw new Error(`ended without ${pattern}: ${stdout}\n${stderr}`)
        await once(told, 'more', { signal }).catch((cause: unknown) => {
          throw new Error(`no line ${pattern} in 30 s: ${stdout}\n${stderr}`, { cause })
        })
      }
    },
  }
}

/** Runs `everybeat …` to its end. */
export async function runCli(parameters: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(parameters, options).ended
}

/** A folder with these files, which is removed after the test. */
export function temporaryFiles(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'everybeat-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
