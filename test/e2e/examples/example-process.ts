import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { waitFor } from '../../support/wait-for.js'

/** A running example, as a user starts it. */
export interface ExampleProcess {
  readonly pid: number
  /** Every line that it printed, oldest first; also those of its errors. */
  readonly lines: readonly string[]
  /** Waits for a line that matches, past or to come. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Asks by SIGTERM and gives the exit code, or the signal that ended it. */
  stop(): Promise<number | string | null>
}

/** Starts a program of `docs/examples` from the project's folder, with these variables and nothing else of the test's. */
export function startExample(file: string, env: Record<string, string>): ExampleProcess {
  const path = join(PROJECT_DIR, 'docs/examples', file)
  const [command, args] = file.endsWith('.py') ? ['python3', [path]] : [process.execPath, ['--import', 'tsx', path]]
  const child = spawn(command, args, {
    cwd: PROJECT_DIR,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  return {
    pid: child.pid ?? -1,
    lines,
    kill: (signal) => void child.kill(signal),
    async line(pattern) {
      const find = () => lines.map((line) => pattern.exec(line)).find((match) => match !== null)
      const failed = ended.then(() => {
        if (!find()) throw new Error(`${file} ended before ${pattern}. It said: ${lines.join('\n')}`)
      })
      const found = waitFor(find, { what: `${pattern} of ${file}, which said: ${lines.join('\n')}`, timeoutMs: 30_000 })
      await Promise.race([found, failed])
      return await found
    },
    async stop() {
      child.kill('SIGTERM')
      const [code, signal] = await ended
      return code ?? signal
    },
  }
}
