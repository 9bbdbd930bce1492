import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const FIXTURE = fileURLToPath(new URL('../../support/fixtures/soak-worker.mjs', import.meta.url))
const DIE_WITH_PARENT = new URL('../../support/die-with-parent.mjs', import.meta.url).href
const ANSWER_TIMEOUT_MS = 30_000

/** Memory of a worker right after a collection. */
export interface WorkerMemory {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** A worker process of a soak. */
export interface SoakWorker {
  /** Reported runs of its handlers: a killed worker takes up to 250 ms of them with it. */
  readonly fires: number
  /** Number of reported `error` events. */
  readonly errors: number
  readonly pid: number
  /** Collects the garbage of the worker and reports its memory. */
  measure(): Promise<WorkerMemory>
  /** Sends the signal; resolves when the process has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

type Message = { ready?: true; sample?: number; fires: number; errors: number } & Partial<WorkerMemory>

/** Starts a worker and resolves when it has joined the fleet. */
export async function spawnSoakWorker(redis: string, prefix: string): Promise<SoakWorker> {
  const settings = { options: { redis, prefix, concurrency: 100, leaseMs: 3_000 } }
  const args = ['--expose-gc', '--import', DIE_WITH_PARENT, FIXTURE, JSON.stringify(settings)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let fires = 0
  let errors = 0
  let sampleCount = 0
  child.on('message', (message: Message) => ({ fires, errors } = message))
  await untilTold(child, (message) => message.ready === true)
  return {
    pid: child.pid!,
    get fires() {
      return fires
    },
    get errors() {
      return errors
    },
    async measure() {
      sampleCount += 1
      const sample = sampleCount
      const answer = untilTold(child, (message) => message.sample === sample)
      child.send({ sample })
      const { heapBytes, rssBytes } = await answer
      return { heapBytes: heapBytes!, rssBytes: rssBytes! }
    },
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
  }
}

function untilTold(child: ChildProcess, fits: (message: Message) => boolean): Promise<Message> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      finish()
    }
    const fail = (what: string) => () => settle(() => reject(new Error(`worker ${child.pid} ${what}`)))
    const onMessage = (message: Message): void => {
      if (fits(message)) settle(() => resolve(message))
    }
    const onExit = fail('ended before it answered')
    const timer = setTimeout(fail(`did not answer in ${ANSWER_TIMEOUT_MS} ms`), ANSWER_TIMEOUT_MS)
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
