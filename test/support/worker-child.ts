import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, on } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One JSON line that a worker process wrote to stdout; `event` says what happened. */
export interface JournalEntry {
  event: string
  /** When the line reached the test, on the test's own `Date.now()`. */
  receivedAt: number
  [field: string]: unknown
}

/** Options of {@link startWorkerProcess}. */
export interface WorkerProcessOptions {
  /** The module the process runs; it writes JSON lines to stdout, `{ "event": "ready" }` once it works. */
  fixture: URL | string
  /** Handed to the module as `JSON.parse(process.argv[2])`. */
  settings?: unknown
  /** The `node` that runs it; default: this process's own. */
  node?: string
  /** More environment variables, such as those of a `FakeClock`. */
  env?: Record<string, string>
  /** How long the process may take until it is ready; default 30 000. */
  readyTimeoutMs?: number
}

/** A worker in a process of its own, so that it can be killed, stopped and frozen like a real one. */
export interface WorkerProcess {
  readonly pid: number
  /** Every message of the process so far, oldest first. */
  readonly journal: readonly JournalEntry[]
  /** Gives the first entry, past or to come, that fits; rejects when the process ends first or the time is over. */
  next(event: string, fits?: (entry: JournalEntry) => boolean, timeoutMs?: number): Promise<JournalEntry>
  /** Hands the process a message, which it gets by `process.on('message')`. */
  send(message: object): void
  /** Sends a signal by pid; resolves when the process has ended, after SIGSTOP and SIGCONT at once. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Resolves when the process has ended, for whatever cause. */
  untilGone(): Promise<void>
  /** Asks by SIGTERM and resolves with the exit code; after `timeoutMs` (default 30 000) kills and rejects. */
  stop(timeoutMs?: number): Promise<number | null>
}

const DIE_WITH_PARENT = new URL('./die-with-parent.mjs', import.meta.url).href

/** Starts a worker process and resolves when it says it is ready. It is killed when this process dies. */
export async function startWorkerProcess(
  options: WorkerProcessOptions,
  onStarted: (worker: WorkerProcess) => void = () => {},
): Promise<WorkerProcess> {
  const { fixture, settings = {}, env = {}, node = process.execPath, readyTimeoutMs = 30_000 } = options
  const file = fixture instanceof URL ? fileURLToPath(fixture) : fixture
  const child = spawn(node, ['--import', DIE_WITH_PARENT, file, JSON.stringify(settings)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const worker = followWorker(child)
  onStarted(worker)
  await worker.next('ready', undefined, readyTimeoutMs).catch(async (error: unknown) => {
    await worker.kill()
    throw error
  })
  return worker
}

function followWorker(child: ChildProcess): WorkerProcess {
  const journal: JournalEntry[] = []
  const told = new EventEmitter().setMaxListeners(0)
  let errorOutput = ''
  let hasEnded = false
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve).once('error', () => resolve(null))
  }).finally(() => {
    hasEnded = true
    told.emit('end')
  })
  child.stderr?.on('data', (chunk: Buffer) => (errorOutput = (errorOutput + chunk.toString()).slice(-4_000)))
  if (child.stdout) {
    createInterface(child.stdout).on('line', (line) => {
      const entry = parseEntry(line)
      if (entry === null) errorOutput += `${line}\n`
      else {
        journal.push(entry)
        told.emit('entry')
      }
    })
  }
  const describe = (): string =>
    `Its messages: ${journal.map((entry) => entry.event).join(' ') || '(nothing)'}. Its other output: ${errorOutput || '(none)'}`
  const worker: WorkerProcess = {
    pid: child.pid ?? -1,
    journal,
    async next(event, fits = () => true, timeoutMs = 30_000) {
      const signal = AbortSignal.timeout(timeoutMs)
      const changes = on(told, 'entry', { signal, close: ['end'] })
      for (let seen = 0; ;) {
        for (; seen < journal.length; seen += 1) {
          const entry = journal[seen]
          if (entry?.event === event && fits(entry)) return entry
        }
        if (hasEnded) throw new Error(`Worker ${child.pid} ended before "${event}". ${describe()}`)
        await changes.next().catch((cause: unknown) => {
          throw new Error(`Worker ${child.pid} did not send "${event}" in ${timeoutMs} ms. ${describe()}`, { cause })
        })
      }
    },
    send: (message) => void child.send(message),
    async kill(signal = 'SIGKILL') {
      child.kill(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended
    },
    untilGone: async () => void (await ended),
    async stop(timeoutMs = 30_000) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
      const exitCode = await ended
      clearTimeout(timer)
      if (child.signalCode === 'SIGKILL')
        throw new Error(`Worker ${child.pid} did not stop in ${timeoutMs} ms. ${describe()}`)
      return exitCode
    },
  }
  return worker
}

function parseEntry(line: string): JournalEntry | null {
  if (!line.startsWith('{')) return null
  try {
    const parsed = JSON.parse(line) as Record<string, unknown>
    return typeof parsed['event'] === 'string' ? { ...parsed, event: parsed['event'], receivedAt: Date.now() } : null
  } catch {
    return null
  }
}
