import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CliFailure } from '../failure.js'

/** A message that a worker process sends to the demo. */
export type WorkerMessage =
  | { kind: 'began'; schedule: string; scheduledAt: number; worker: string; attempt: number; latenessMs: number }
  | { kind: 'ended'; schedule: string; scheduledAt: number; worker: string; attempt: number }

/** One worker process of the demo. */
export interface DemoWorker {
  /** `w1`, `w2`, … in the order of joining. */
  readonly label: string
  readonly pid: number
  /** Kills the process with SIGKILL, as a crash would; resolves when it has ended. */
  kill(): Promise<void>
}

/** The worker processes of the demo. */
export interface DemoWorkers {
  /** Starts one more `everybeat worker`; resolves when it has started. */
  startOne(): Promise<DemoWorker>
  /** Stops all processes; a process that takes too long is killed. */
  stopAll(): Promise<void>
}

/** Options of the worker processes, and the listeners of their messages and crashes. */
export interface WorkersOptions {
  readonly redis: string
  readonly prefix: string
  readonly leaseMs: number
  onMessage(member: DemoWorker, message: WorkerMessage): void
  /** Called when a process ended although the demo did not stop it. */
  onCrash(member: DemoWorker, output: string): void
}

const PATIENCE_MS = 5000
const KEPT_LINES = 20

/** Creates the worker processes of a demo: none at first. */
export function createWorkers(options: WorkersOptions): DemoWorkers {
  const processes = new Map<DemoWorker, ChildProcess>()
  let startedCount = 0
  return {
    async startOne() {
      startedCount += 1
      const child = spawnWorker(options)
      const output = keepOutput(child)
      let isExpected = false
      const member: DemoWorker = {
        label: `w${startedCount}`,
        pid: child.pid ?? -1,
        async kill() {
          isExpected = true
          await end(child, 'SIGKILL')
        },
      }
      processes.set(member, child)
      child.on('message', (message) => options.onMessage(member, message as WorkerMessage))
      const isUp = untilUp(child, output)
      child.once('exit', () => {
        const wasAsked = isExpected || !processes.delete(member)
        if (!wasAsked) void isUp.then((up) => up && options.onCrash(member, output.text()))
      })
      if (!(await isUp))
        throw new CliFailure('ERR_CLI_FAILED', `worker ${member.label} did not start: ${output.text()}`)
      return member
    },
    async stopAll() {
      const children = [...processes.values()]
      processes.clear()
      await Promise.all(children.map((child) => end(child, 'SIGTERM')))
    },
  }
}

// Each worker has its own process group, so that a Ctrl-C in the terminal reaches only the demo, which then stops its
// workers.
function spawnWorker({ redis, prefix, leaseMs }: WorkersOptions): ChildProcess {
  const module = fileURLToPath(new URL('worker.js', import.meta.url))
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const parameters = ['worker', module, '--prefix', prefix, '--lease', String(leaseMs), '--timeout', '3s', '--json']
  return fork(main, parameters, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The URL may hold a password, which every user of the machine could read on a command line.
    env: { ...process.env, REDIS_URL: redis },
  })
}

interface Output {
  onLine(listener: (line: string) => void): void
  text(): string
}

function keepOutput(child: ChildProcess): Output {
  const lines: string[] = []
  const listeners: ((line: string) => void)[] = []
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      for (const listener of listeners) listener(line)
    })
  }
  return { onLine: (listener) => void listeners.push(listener), text: () => lines.join(' ') || '(it wrote nothing)' }
}

function untilUp(child: ChildProcess, output: Output): Promise<boolean> {
  return new Promise((resolve) => {
    output.onLine((line) => {
      if (line.includes('"event":"started"')) resolve(true)
    })
    child.once('close', () => resolve(false))
    child.once('error', () => resolve(false))
  })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await exited
  clearTimeout(timer)
}
