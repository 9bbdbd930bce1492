import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { EverybeatError } from '../../errors.js'
import type { KeptLease, LeaseThread } from '../../worker/lease-thread.js'
import type { RedisSource } from '../../options/redis-source.js'
import type { Keys } from '../keys.js'
import {
  CELLS,
  shareCells,
  toMicroseconds,
  type LeaseNews,
  type LeaseOrder,
  type LeaseThreadData,
} from './lease-thread-messages.js'
import { leaseOf } from './lease-key.js'

/** Whose leases the thread keeps, where, and who hears of its faults. */
export interface LeaseThreadOptions {
  readonly redis: Exclude<RedisSource, { kind: 'client' }>
  readonly shards: readonly Keys[]
  readonly workerId: string
  readonly leaseMs: number
  readonly monotonic: () => number
  readonly onError: (error: unknown) => void
}

const RESTART_MS = 1_000
const STOP_TIMEOUT_MS = 1_000

/**
 * Starts a thread with a connection of its own that extends leases while the event loop is blocked. It ends with the
 * process, and never keeps a process alive. One that breaks is started again; meanwhile the event loop extends.
 */
export function createLeaseThread(options: LeaseThreadOptions): LeaseThread & {
  /** Resolves when its connection is ready; rejects with `ERR_EVERYBEAT_CONNECTION` after the time-out. */
  ready(timeoutMs: number): Promise<void>
  stop(): Promise<void>
} {
  const { redis, leaseMs, monotonic } = options
  const life = shareCells(1)
  const kept = new Map<number, { order: LeaseOrder; onLost: () => void }>()
  const clockOffsetMs = Number(process.hrtime.bigint()) / 1e6 - monotonic()
  let count = 0
  let stopped = false
  let lastError: unknown
  let becomeReady = () => {}
  let endWaiting = (_error: Error) => {}
  const readiness = new Promise<void>((resolve) => (becomeReady = resolve))
  let thread = spawn()

  function spawn(): Worker {
    const workerData: LeaseThreadData = { redis, leaseMs, clockOffsetMs, life }
    const spawned = startThread(workerData)
    spawned.unref()
    spawned.on('message', (news: LeaseNews) => {
      if (news.kind === 'ready') return becomeReady()
      const lost = kept.get(news.id)
      kept.delete(news.id)
      lost?.onLost()
    })
    spawned.on('error', (error) => {
      lastError = error
      options.onError(error)
    })
    spawned.on('exit', () => {
      if (!stopped) setTimeout(respawn, RESTART_MS).unref()
    })
    return spawned
  }

  function respawn(): void {
    if (stopped) return
    thread = spawn()
    for (const { order } of kept.values()) send(order)
  }

  function send(order: LeaseOrder): void {
    thread.postMessage(order)
  }

  return {
    showLife: () => void Atomics.store(life, 0, toMicroseconds(monotonic())),
    keep({ run, shard }, trustedUntil, until, onLost) {
      const id = (count += 1)
      const cells = shareCells(CELLS.count)
      const { key, token } = leaseOf(options.shards[shard]!, options.workerId, run)
      const order: LeaseOrder = { kind: 'keep', id, shard, key, token, trustedUntil, until, cells }
      kept.set(id, { order, onLost })
      send(order)
      return readLease(cells, () => {
        if (kept.delete(id)) send({ kind: 'release', id })
      })
    },
    async ready(timeoutMs) {
      let timer: NodeJS.Timeout | undefined
      const tooLate = new Promise<never>((_resolve, reject) => {
        const message = `the lease keeper's own connection to Redis was not ready within ${timeoutMs} ms. Check that the server allows one connection more`
        const refuse = () =>
          reject(new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'leaseKeeper', cause: lastError }))
        timer = setTimeout(refuse, timeoutMs)
      })
      const stopping = new Promise<never>((_resolve, reject) => (endWaiting = reject))
      await Promise.race([readiness, tooLate, stopping]).finally(() => clearTimeout(timer))
    },
    async stop() {
      stopped = true
      endWaiting(new Error('the lease keeper was stopped before it was ready'))
      send({ kind: 'stop' })
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()))
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
      await Promise.race([exit, timeout])
      await thread.terminate()
    },
  }
}

function readLease(cells: BigInt64Array, release: () => void): KeptLease {
  return {
    get trustedUntil() {
      return Number(Atomics.load(cells, CELLS.trustedUntil)) / 1_000
    },
    get trustedUntilWall() {
      return Number(Atomics.load(cells, CELLS.trustedUntilWall)) / 1_000
    },
    get isLost() {
      return Atomics.load(cells, CELLS.isLost) === 1n
    },
    release,
  }
}

/** The build sets it: the path of the thread's file in the installed package, or null in the modules that bundlers take. */
declare const EVERYBEAT_LEASE_THREAD: string | null | undefined

/** The names under which a bundle keeps the thread's file beside itself. */
const BUNDLED_FILES = ['cjs', 'mjs', 'js'].map((ending) => `everybeat-lease-thread.${ending}`)

function startThread(workerData: LeaseThreadData): Worker {
  const options = { name: 'everybeat-leases', workerData }
  if (typeof EVERYBEAT_LEASE_THREAD !== 'undefined') return new Worker(findFile(EVERYBEAT_LEASE_THREAD), options)
  // From the sources, as the tests of this project run it, the thread needs what reads them.
  const file = JSON.stringify(new URL('./lease-thread-main.ts', import.meta.url).href)
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${file}, ${file}))`
  return new Worker(code, { ...options, eval: true })
}

function findFile(installed: string | null): string {
  const program = process.argv[1]
  const folders = program === undefined ? [] : [dirname(program)]
  if (typeof __dirname === 'string') folders.push(__dirname)
  const bundled = folders.flatMap((folder) => BUNDLED_FILES.map((name) => join(folder, name)))
  const found = [installed, ...bundled].find((file) => file !== null && existsSync(file))
  if (found != null) return found
  const message = `leaseKeeper is 'thread', and the file ${bundled[0] ?? BUNDLED_FILES[0]} is missing: a bundle has to have it beside it. Build the entry everybeat/lease-thread into that file, or leave everybeat out of the bundle`
  throw new EverybeatError('ERR_EVERYBEAT_DEPENDENCY', message, { field: 'leaseKeeper', value: 'thread' })
}
