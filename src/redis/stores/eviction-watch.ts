import type { RedisClient } from '../redis-client.js'
import type { Timer, TimeSource } from '../../time-source.js'

/** The listeners of an {@link EvictionWatch}. */
export interface EvictionObserver {
  /** Called at the first reading of a server that may evict keys when its memory is full, with its policy. */
  readonly onPolicy: (policy: string) => void
  /** Called when a server begins to evict keys: `count` since the previous reading. */
  readonly onEvicted: (count: number) => void
}

/** Time between two readings of a server that may evict keys, ms. */
const READ_MS = 10_000
/** Periods between two readings of a server that cannot evict keys, because its settings may change. */
const REST_PERIODS = 30
/** Time after an eviction for which a server counts as evicting, ms. */
const EVICTING_MS = 60_000

/** The facts of `INFO` about evictions. */
interface Reading {
  /** The policy, if it evicts keys and memory is limited; null if no key can be evicted. */
  readonly policy: string | null
  /** Keys that were evicted since the server started. */
  readonly evictedCount: number
  /** The id of this start of this server; null if the server tells none. */
  readonly serverId: string | null
}

/** A server with its last reading. */
interface Watched {
  /** The last reading that was answered; null before the first. */
  last: Reading | null
  isAsking: boolean
}

/**
 * Watches whether the servers of a fleet evict keys, because schedules, states and leases cannot be replaced. A server
 * that may evict keys is read every 10 s, any other server every 5 min. A server that refuses `INFO` counts as one that
 * evicts none.
 */
export class EvictionWatch {
  readonly #client: RedisClient
  readonly #time: TimeSource
  readonly #observer: EvictionObserver
  /** The servers by address; `` for the only one. */
  readonly #servers = new Map<string, Watched>()
  /** Timer of the next reading. */
  #timer: Timer | null = null
  /** Number of periods since the start. */
  #periodCount = 0
  /** When an eviction was last seen, on the monotonic clock, ms. */
  #evictedAt = Number.NEGATIVE_INFINITY

  constructor(client: RedisClient, time: TimeSource, observer: EvictionObserver) {
    this.#client = client
    this.#time = time
    this.#observer = observer
  }

  /** Whether a server has evicted keys within the last minute. */
  get isEvicting(): boolean {
    return this.#time.monotonic() - this.#evictedAt < EVICTING_MS
  }

  /** Starts the readings with one at once. */
  start(): void {
    this.#readAll()
    this.#timer ??= this.#time.setInterval(() => this.#readAll(), READ_MS)
    this.#timer.unref()
  }

  /** Ends the readings. */
  stop(): void {
    if (this.#timer) this.#time.clearInterval(this.#timer)
    this.#timer = null
  }

  #readAll(): void {
    const isForAll = this.#periodCount % REST_PERIODS === 0
    this.#periodCount += 1
    const nodes =
      'nodes' in this.#client
        ? this.#client.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node] as const)
        : [['', this.#client] as const]
    for (const [address, node] of nodes) {
      const server = this.#servers.get(address) ?? { last: null, isAsking: false }
      this.#servers.set(address, server)
      if (server.isAsking || !(isForAll || !server.last || server.last.policy)) continue
      server.isAsking = true
      // A failed reading is ignored: the commands of the worker report an outage.
      void readEvictions(node)
        .then((reading) => this.#take(server, reading))
        .catch(() => {})
        .finally(() => (server.isAsking = false))
    }
  }

  #take(server: Watched, reading: Reading): void {
    const { last } = server
    server.last = reading
    if (!last) {
      if (reading.policy !== null) this.#observer.onPolicy(reading.policy)
      return
    }
    // After a restart or a failover the count is that of another start: nothing says when those keys were evicted.
    const count = reading.serverId === last.serverId ? reading.evictedCount - last.evictedCount : 0
    if (count <= 0) return
    const isNew = !this.isEvicting
    this.#evictedAt = this.#time.monotonic()
    if (isNew) this.#observer.onEvicted(count)
  }
}

async function readEvictions(node: Pick<RedisClient, 'info'>): Promise<Reading> {
  try {
    const [memory, stats, server] = await Promise.all([node.info('memory'), node.info('stats'), node.info('server')])
    const [policy, maxMemory] = [fieldOf(memory, 'maxmemory_policy'), fieldOf(memory, 'maxmemory')]
    const evicts = policy !== null && policy !== 'noeviction' && Number(maxMemory) > 0
    const evictedCount = Number(fieldOf(stats, 'evicted_keys') ?? 0)
    return { policy: evicts ? policy : null, evictedCount, serverId: fieldOf(server, 'run_id') }
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR)/.test(error.message))
      return { policy: null, evictedCount: 0, serverId: null }
    throw error
  }
}

function fieldOf(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null
}
