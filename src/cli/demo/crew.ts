import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CliFailure } from '../failure.js'

/** What a worker's process tells the demo. */
export type WorkerMessage =
  | { kind: 'began'; schedule: string; scheduledAt: number; worker: string; attempt: number; latenessMs: number }
  | { kind: 'ended'; schedule: string; scheduledAt: number; worker: string; attempt: number }

/** One worker process of the demo. */
export interface CrewMember {
  /** `w1`, `w2`, … in the order of joining. */
  readonly label: string
  readonly pid: number
  /** Ends the process with SIGKILL, as a crash would; resolves when it is gone. */
  kill(): Promise<void>
}

/** The worker processes of the demo. */
export interface Crew {
  /** Starts one more `everybeat worker` and resolves when it is up. */
  hire(): Promise<CrewMember>
  /** Lets all of them finish and end; whoever takes longer is killed. */
  dismiss(): Promise<void>
}

/** What the processes are started with, and who hears of them. */
export interface CrewOptions {
  readonly redis: string
  readonly prefix: string
  readonly leaseMs: number
  onMessage(member: CrewMember, message: WorkerMessage): void
  /** A process ended that nobody had asked to. */
  onCrash(member: CrewMember, output: string): void
}

const PATIENCE_MS = 5000
const KEPT_LINES = 20

/** Makes an empty crew. */
export function createCrew(options: CrewOptions): Crew {
  const processes = new Map<CrewMember, ChildProcess>()
  let hiredCount = 0
  return {
    async hire() {
      hiredCount += 1
      const child = spawnWorker(options)
      const output = keepOutput(child)
      let isExpected = false
      const member: CrewMember = {
        label: `w${hiredCount}`,
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
        throw new CliFailure('ERR_CLI_FAILED', `worker ${member.label} did not come up: ${output.text()}`)
      return member
    },
    async dismiss() {
      const children = [...processes.values()]
      processes.clear()
      await Promise.all(children.map((child) => end(child, 'SIGTERM')))
    },
  }
}

// A process group of its own: a Ctrl-C in the terminal reaches the demo, which ends its workers in order.
function spawnWorker({ redis, prefix, leaseMs }: CrewOptions): ChildProcess {
  const module = fileURLToPath(new URL('worker.js', import.meta.url))
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const parameters = ['worker', module, '--prefix', prefix, '--lease', String(leaseMs), '--timeout', '3s', '--json']
  return fork(main, parameters, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The URL may hold a password, which a command line would show to everybody on the machine.
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
  return { onLine: (listener) => void listeners.push(listener), text: () => lines.join(' ') || '(it said nothing)' }
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
