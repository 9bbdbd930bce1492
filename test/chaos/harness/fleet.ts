import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { monotonicNow, readJournal, type Span, toSpans } from './journal.js'
import type { WorkerPlace } from './stage.js'

const FIXTURE = fileURLToPath(new URL('../../support/fixtures/beat-worker.mjs', import.meta.url))
const DIE_WITH_PARENT = new URL('../../support/die-with-parent.mjs', import.meta.url).href
const READY_TIMEOUT_MS = 30_000
const GONE_TIMEOUT_MS = 20_000

/** A worker process under faults. */
export interface ChaosWorker {
  readonly index: number
  readonly child: ChildProcess
  readonly journal: string
  diedAt: number | null
  readonly frozen: { from: number; to: number }[]
}

/** Settings of the workers of a run. */
export interface FleetOptions {
  readonly dir: string
  readonly leaseMs: number
  readonly stopMs: number
  /** Options of `new Everybeat`, for the worker at this place in the order of starts. */
  readonly options: (index: number) => Record<string, unknown>
  readonly declare: Record<string, unknown>
  /** Whether a handler may continue after its event loop was blocked beyond the lease. */
  readonly keepsLeases: boolean
  readonly place: (index: number) => WorkerPlace
}

/** The worker processes of a run: who lives, who died when, and what all of them did. */
export interface ChaosFleet {
  readonly alive: ChaosWorker[]
  readonly all: readonly ChaosWorker[]
  spawn(): Promise<ChaosWorker>
  kill(worker: ChaosWorker): Promise<void>
  /** Waits until the process has died of itself; kills it where it does not. */
  untilGone(worker: ChaosWorker): Promise<void>
  /** SIGSTOP, and SIGCONT after a time. */
  freeze(worker: ChaosWorker, ms: number): Promise<void>
  /** Sends SIGTERM; resolves when the process has ended. */
  terminate(worker: ChaosWorker): Promise<void>
  stopAll(): Promise<void>
  /** Reads what the handlers of every process, dead or alive, wrote down. */
  spans(): Span[]
}

/** Creates a fleet without workers. */
export function createFleet(options: FleetOptions): ChaosFleet {
  const all: ChaosWorker[] = []
  const alive: ChaosWorker[] = []

  function leave(worker: ChaosWorker): void {
    worker.diedAt ??= monotonicNow()
    const place = alive.indexOf(worker)
    if (place >= 0) alive.splice(place, 1)
  }

  async function gone(worker: ChaosWorker): Promise<void> {
    if (worker.child.exitCode === null && worker.child.signalCode === null) await once(worker.child, 'exit')
    leave(worker)
  }

  return {
    alive,
    all,
    async spawn() {
      const index = all.length
      const journal = join(options.dir, `worker-${index}.jsonl`)
      const settings = {
        journal,
        options: { leaseMs: options.leaseMs, ...options.options(index) },
        stopMs: options.stopMs,
        declare: options.declare,
      }
      const { launcher = [], args = [], env = {} } = options.place(index)
      const node = [process.execPath, '--import', DIE_WITH_PARENT, ...args, FIXTURE, JSON.stringify(settings)]
      const [command, ...rest] = [...launcher, ...node] as [string, ...string[]]
      const child = spawn(command, rest, {
        // What a process leaves behind that dies badly goes with the folder.
        cwd: options.dir,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      })
      const worker: ChaosWorker = { index, child, journal, diedAt: null, frozen: [] }
      all.push(worker)
      child.once('exit', () => leave(worker))
      await untilReady(child)
      alive.push(worker)
      return worker
    },
    async kill(worker) {
      worker.child.kill('SIGKILL')
      await gone(worker)
    },
    async untilGone(worker) {
      const timer = setTimeout(() => worker.child.kill('SIGKILL'), GONE_TIMEOUT_MS)
      await gone(worker)
      clearTimeout(timer)
    },
    async freeze(worker, ms) {
      const from = monotonicNow()
      worker.child.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      worker.frozen.push({ from, to: monotonicNow() })
      worker.child.kill('SIGCONT')
    },
    async terminate(worker) {
      const place = alive.indexOf(worker)
      if (place >= 0) alive.splice(place, 1)
      worker.child.kill('SIGTERM')
      await gone(worker)
    },
    async stopAll() {
      await Promise.all(
        [...alive].map(async (worker) => {
          const timer = setTimeout(() => worker.child.kill('SIGKILL'), options.stopMs + 15_000)
          worker.child.kill('SIGCONT')
          worker.child.kill('SIGTERM')
          await gone(worker)
          clearTimeout(timer)
        }),
      )
    },
    spans: () => all.flatMap((worker) => toSpans(worker.index, readJournal(worker.journal), worker, options)),
  }
}

async function untilReady(child: ChildProcess): Promise<void> {
  let output = ''
  child.stderr?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-2_000)))
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => () => reject(new Error(`worker ${child.pid} ${what}: ${output || '(no output)'}`))
      timer = setTimeout(fail('was not ready in time'), READY_TIMEOUT_MS)
      createInterface(child.stdout!).on('line', (line) => {
        if (line.includes('"event":"ready"')) resolve()
      })
      child.once('exit', fail('ended before it was ready'))
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}
