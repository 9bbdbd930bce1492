import { spawn } from 'node:child_process'
import { EverybeatError } from '../index.js'

/** The result of a command with exit code 0. */
export interface CommandResult {
  /** The exit code: a command with another code fails the run. */
  readonly exitCode: 0
  /** The end of its output: about 1 900 characters, which fit into a result. */
  readonly stdout: string
  /** The end of its output on stderr, with the same length. */
  readonly stderr: string
}

/** The folder, the environment, the input and the abort signal of a command. */
export interface CommandContext {
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: string
  readonly signal: AbortSignal
}

/** Longest kept end of each stream as JSON, characters: a result longer than twice that would not be stored. */
const MAX_KEPT = 1_900
/** Time between SIGTERM and SIGKILL, ms: shorter than the time after which the run is given up. */
const TERM_MS = 1_000

/** Runs a program to its end, in a process group of its own, so that its child processes end with it at an abort. */
export async function runCommand(
  file: string,
  args: readonly string[],
  { cwd, env, stdin, signal }: CommandContext,
): Promise<CommandResult> {
  signal.throwIfAborted()
  const child = spawn(file, args, { cwd, env, detached: true, stdio: 'pipe' })
  const [stdout, stderr] = [new Tail(), new Tail()]
  child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk))
  // A command may close its input unread.
  child.stdin.on('error', () => {}).end(stdin)
  let forced: NodeJS.Timeout | undefined
  const end = (): void => {
    killGroup(child.pid, 'SIGTERM')
    forced = setTimeout(() => killGroup(child.pid, 'SIGKILL'), TERM_MS)
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    const [code, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new EverybeatError('ERR_EVERYBEAT_COMMAND', `${file} cannot be started: ${cause.message}`, { cause })),
      )
      child.once('close', (exitCode, signalCode) => resolve([exitCode, signalCode]))
    })
    signal.throwIfAborted()
    if (code === 0) return { exitCode: 0, stdout: stdout.text, stderr: stderr.text }
    const said = stderr.text.trim().slice(-500)
    const how = by === null ? `ended with exit code ${code}` : `was ended by ${by}`
    throw new EverybeatError('ERR_EVERYBEAT_COMMAND', `the command ${how}${said === '' ? '' : `: ${said}`}`, {
      value: code ?? by,
    })
  } finally {
    signal.removeEventListener('abort', end)
    clearTimeout(forced)
    // The command may have ended by SIGTERM while one of its child processes has not.
    if (signal.aborted) killGroup(child.pid, 'SIGKILL')
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group has ended.
  }
}

/** The end of a stream. */
class Tail {
  /** The end of the output, as much as is kept. */
  #bytes = Buffer.alloc(0)

  add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-4 * MAX_KEPT)
  }

  get text(): string {
    let kept = this.#bytes.toString().slice(-MAX_KEPT)
    while (JSON.stringify(kept).length > MAX_KEPT) kept = kept.slice(Math.ceil(kept.length * 0.1))
    return kept
  }
}
