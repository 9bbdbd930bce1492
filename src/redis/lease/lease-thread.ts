import type { Worker } from 'node:worker_threads'
import { EverybeatError } from '../../errors.js'
import type { KeptLease, LeaseThread, ThreadLease } from '../../worker/lease-thread.js'
import type { RedisSource } from '../../options/redis-source.js'
import type { Keys } from '../keys.js'
import { CELLS, shareCells, toMicroseconds, type LeaseNews, type LeaseOrder } from './lease-thread-messages.js'
import { leaseOf } from './lease-key.js'
import { spawnLeaseThread } from './spawn-lease-thread.js'

/** The worker and Redis of the lease thread, and the listener of its errors. */
export interface LeaseThreadOptions {
  readonly redis: Exclude<RedisSource, { kind: 'client' }>
  readonly shards: readonly Keys[]
  readonly workerId: string
  readonly leaseMs: number
  readonly monotonic: () => number
  readonly onError: (error: unknown) => void
}

/** Delay before a thread that failed is started again, ms. */
const RESTART_MS = 1_000
/** Longest time for a thread to end by itself, ms. */
const STOP_TIMEOUT_MS = 1_000

/** One lease that the thread extends. */
interface KeptEntry {
  readonly order: LeaseOrder
  readonly onLost: () => void
}

/**
 * A thread with its own connection that extends leases while the event loop is blocked. It never keeps the process
 * alive. A thread that fails is started again; until then the event loop extends the leases.
 */
export class LeaseThreadHandle implements LeaseThread {
  readonly #options: LeaseThreadOptions
  /** When the event loop last reported that it is not blocked, on its monotonic clock, µs; the thread reads it. */
  readonly #life = shareCells(1)
  /** The leases that the thread extends, by the number of their order. */
  readonly #kept = new Map<number, KeptEntry>()
  /** The clock of the whole process minus the monotonic clock of the event loop, ms. */
  readonly #clockOffsetMs: number
  /** Settles with the first connection of a thread; {@link stop} rejects it. */
  readonly #readiness: Promise<void>
  /** Resolves {@link #readiness}. */
  #becomeReady = () => {}
  /** Rejects {@link #readiness}. */
  #refuseReadiness = (_error: Error) => {}
  /** Number of orders so far, from which each order gets its number. */
  #orderCount = 0
  #isStopped = false
  /** The error of the last thread that failed. */
  #lastError: unknown
  /** The current thread. */
  #thread: Worker

  /** Starts the thread. */
  constructor(options: LeaseThreadOptions) {
    this.#options = options
    this.#clockOffsetMs = Number(process.hrtime.bigint()) / 1e6 - options.monotonic()
    this.#readiness = new Promise<void>((resolve, reject) => {
      this.#becomeReady = resolve
      this.#refuseReadiness = reject
    })
    // A stop before a caller waits for the connection is no error.
    this.#readiness.catch(() => {})
    this.#thread = this.#spawn()
  }

  showLife(): void {
    Atomics.store(this.#life, 0, toMicroseconds(this.#options.monotonic()))
  }

  keep({ run, shard }: ThreadLease, trustedUntil: number, until: number | null, onLost: () => void): KeptLease {
    const id = (this.#orderCount += 1)
    const cells = shareCells(CELLS.count)
    const { key, token } = leaseOf(this.#options.shards[shard]!, this.#options.workerId, run)
    const order: LeaseOrder = { kind: 'keep', id, shard, key, token, trustedUntil, until, cells }
    this.#kept.set(id, { order, onLost })
    this.#send(order)
    return readLease(cells, () => {
      if (this.#kept.delete(id)) this.#send({ kind: 'release', id })
    })
  }

  /** Resolves when its connection is ready; rejects with `ERR_EVERYBEAT_CONNECTION` after the time-out, ms. */
  async ready(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      const message = `the lease keeper's own connection to Redis was not ready within ${timeoutMs} ms. Check that the server allows one more connection`
      const refuse = () =>
        reject(
          new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'leaseKeeper', cause: this.#lastError }),
        )
      timer = setTimeout(refuse, timeoutMs)
    })
    await Promise.race([this.#readiness, tooLate]).finally(() => clearTimeout(timer))
  }

  /** Ends the thread: by itself, or after a second by force. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#refuseReadiness(new Error('the lease keeper was stopped before it was ready'))
    this.#send({ kind: 'stop' })
    const thread = this.#thread
    const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()))
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
    await Promise.race([exit, timeout])
    await thread.terminate()
  }

  #spawn(): Worker {
    const { redis, leaseMs, onError } = this.#options
    const thread = spawnLeaseThread({ redis, leaseMs, clockOffsetMs: this.#clockOffsetMs, life: this.#life })
    thread.unref()
    thread.on('message', (news: LeaseNews) => this.#onNews(news))
    thread.on('error', (error) => {
      this.#lastError = error
      onError(error)
    })
    thread.on('exit', () => {
      if (!this.#isStopped) setTimeout(() => this.#respawn(), RESTART_MS).unref()
    })
    return thread
  }

  #onNews(news: LeaseNews): void {
    if (news.kind === 'ready') return this.#becomeReady()
    const lost = this.#kept.get(news.id)
    this.#kept.delete(news.id)
    lost?.onLost()
  }

  #respawn(): void {
    if (this.#isStopped) return
    this.#thread = this.#spawn()
    for (const { order } of this.#kept.values()) this.#send(order)
  }

  #send(order: LeaseOrder): void {
    this.#thread.postMessage(order)
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
