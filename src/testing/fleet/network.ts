import {
  createConnectorClass,
  MemoryStream,
  type ConnectorClass,
  type MemoryStore,
  type Wire,
} from '../../memory/index.js'
import { SLEEP, type VirtualTime } from './virtual-time.js'

/** The longest that a client of the fleet takes to connect again once it can, real ms. */
const RECONNECT_MS = 1_000

interface Host {
  readonly streams: Set<MemoryStream>
  isCut: boolean
  isFrozen: boolean
  isDead: boolean
  /** What was sent while the host was frozen. */
  readonly held: (() => void)[]
  /** Connections that were cut and are about to be made again. */
  returning: number
  /** Those that wait until the host is back. */
  readonly waiting: (() => void)[]
}

/** Carries what the hosts of a fleet and the store send each other, in one order, and knows when nothing is under way. */
export class Network {
  readonly #store: MemoryStore
  readonly #time: VirtualTime
  readonly #latencyMs: number
  readonly #hosts = new Map<string, Host>()
  readonly #queue: (() => void)[] = []
  #isPumping = false
  /** Counts what is sent and opened, so that quiet shows. */
  #activity = 0
  #streamCount = 0

  constructor(store: MemoryStore, time: VirtualTime, latencyMs: number) {
    this.#store = store
    this.#time = time
    this.#latencyMs = latencyMs
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name)
    if (!host) {
      host = { streams: new Set(), isCut: false, isFrozen: false, isDead: false, held: [], returning: 0, waiting: [] }
      this.#hosts.set(name, host)
    }
    return host
  }

  /** What ioredis opens the connections of a host with. */
  connectorFor(name: string): ConnectorClass {
    const host = this.#host(name)
    return createConnectorClass(async () => {
      host.returning = Math.max(0, host.returning - 1)
      if (host.isDead) return await new Promise<never>(() => {})
      if (host.isCut) await new Promise<void>((resolve) => host.waiting.push(resolve))
      return this.#open(name, host)
    })
  }

  #open(name: string, host: Host): MemoryStream {
    this.#activity += 1
    const wire: Wire = { carry: (deliver) => this.#carry(host, deliver) }
    const after = (ms: number, run: () => void): (() => void) => {
      const timer = this.#time.add(`${SLEEP}network`, ms, run)
      return () => this.#time.remove(timer)
    }
    const stream = new MemoryStream(this.#store, `${name}:${(this.#streamCount += 1)}`, wire, after)
    host.streams.add(stream)
    stream.once('close', () => host.streams.delete(stream))
    return stream
  }

  #carry(host: Host, deliver: () => void): void {
    this.#activity += 1
    if (host.isDead) return
    if (host.isFrozen) return void host.held.push(deliver)
    if (this.#latencyMs > 0) this.#time.add(`${SLEEP}network`, this.#latencyMs, deliver)
    else this.#enqueue(deliver)
  }

  #enqueue(deliver: () => void): void {
    this.#queue.push(deliver)
    if (this.#isPumping) return
    this.#isPumping = true
    setImmediate(() => this.#pump())
  }

  #pump(): void {
    this.#isPumping = false
    for (const deliver of this.#queue.splice(0)) deliver()
  }

  /** Ends a host as SIGKILL ends a process: its connections are cut, and it opens no others. */
  kill(name: string): void {
    const host = this.#host(name)
    host.isDead = true
    this.#cutStreams(host)
  }

  #cutStreams(host: Host): void {
    for (const stream of [...host.streams]) {
      if (!host.isDead) host.returning += 1
      stream.destroy()
    }
  }

  setFrozen(name: string, isFrozen: boolean): void {
    const host = this.#host(name)
    host.isFrozen = isFrozen
    if (!isFrozen) for (const deliver of host.held.splice(0)) this.#enqueue(deliver)
  }

  /** Cuts a host off, or lets it come back. */
  setCut(name: string, isCut: boolean): void {
    const host = this.#host(name)
    host.isCut = isCut
    if (isCut) this.#cutStreams(host)
    else for (const resolve of host.waiting.splice(0)) resolve()
  }

  isCut(name: string): boolean {
    return this.#host(name).isCut
  }

  /** Resolves when nothing is under way: no message, no connection about to be made, and nothing follows from the last. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + RECONNECT_MS
    for (;;) {
      const former = this.#activity
      // What was sent is carried by an immediate that was set before this one; all that follows from it runs before the next.
      await new Promise((resolve) => setImmediate(resolve))
      const isReturning = [...this.#hosts.values()].some(({ returning }) => returning > 0)
      if (this.#activity === former && !(isReturning && performance.now() < deadline)) return
    }
  }
}
