import {
  createConnectorClass,
  MemoryStream,
  type ConnectorClass,
  type MemoryStore,
  type Wire,
} from '../../memory/index.js'
import { SLEEP, type VirtualTime } from './virtual-time.js'

/** Longest time for a client of the fleet to reconnect once it can, real ms. */
const RECONNECT_MS = 1_000

interface Host {
  readonly streams: Set<MemoryStream>
  isCut: boolean
  isFrozen: boolean
  isDead: boolean
  /** Deliveries to the host while it was frozen. */
  readonly held: (() => void)[]
  /** Number of cut connections that are about to reconnect. */
  returning: number
  /** Connections that wait until the host is reachable. */
  readonly waiting: (() => void)[]
  /** Additional delay of messages from the store to this host, virtual ms; Infinity: they are lost. */
  delayMs: number
  /** Arrival of the newest message from the store, virtual ms; no message overtakes it. */
  lastArrivalAt: number
}

/** Carries the messages between the hosts of a fleet and the store, in one order, and knows when none is in flight. */
export class Network {
  readonly #store: MemoryStore
  readonly #time: VirtualTime
  readonly #latencyMs: number
  readonly #hosts = new Map<string, Host>()
  readonly #queue: (() => void)[] = []
  #isPumping = false
  /** Counts messages and connections, so that {@link quiet} notices a new one. */
  #activity = 0
  /** Number of connections so far, from which each gets its number. */
  #streamCount = 0
  /** Open, one after the other, the connections that wait until every cut connection has returned. */
  readonly #opening: (() => void)[] = []
  /** Ends the wait for connections that do not return; null while none waits. */
  #openingTimer: NodeJS.Timeout | null = null

  constructor(store: MemoryStore, time: VirtualTime, latencyMs: number) {
    this.#store = store
    this.#time = time
    this.#latencyMs = latencyMs
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name)
    if (!host) {
      const state = { isCut: false, isFrozen: false, isDead: false, returning: 0, delayMs: 0, lastArrivalAt: 0 }
      host = { streams: new Set(), held: [], waiting: [], ...state }
      this.#hosts.set(name, host)
    }
    return host
  }

  /** The connector with which ioredis opens the connections of a host. */
  connectorFor(name: string): ConnectorClass {
    const host = this.#host(name)
    return createConnectorClass(async () => {
      host.returning = Math.max(0, host.returning - 1)
      if (host.isDead) return await new Promise<never>(() => {})
      if (host.isCut) await new Promise<void>((resolve) => host.waiting.push(resolve))
      await this.#allReturned()
      return this.#open(name, host)
    })
  }

  /**
   * Resolves when all connections that were cut are about to be made again. Clients reconnect by real time: a client that is a
   * moment late must not find the store as earlier clients have left it.
   */
  async #allReturned(): Promise<void> {
    const opened = new Promise<void>((resolve) => this.#opening.push(resolve))
    if (this.#isReturning()) this.#openingTimer ??= setTimeout(() => this.#openAll(), RECONNECT_MS)
    else this.#openAll()
    await opened
  }

  #openAll(): void {
    if (this.#openingTimer) clearTimeout(this.#openingTimer)
    this.#openingTimer = null
    for (const open of this.#opening.splice(0)) open()
  }

  #open(name: string, host: Host): MemoryStream {
    this.#activity += 1
    const wire: Wire = { carry: (deliver, to) => this.#carry(host, deliver, to) }
    const after = (ms: number, run: () => void): (() => void) => {
      const timer = this.#time.add(`${SLEEP}network`, ms, run)
      return () => this.#time.remove(timer)
    }
    const stream = new MemoryStream(this.#store, `${name}:${(this.#streamCount += 1)}`, wire, after)
    host.streams.add(stream)
    stream.once('close', () => host.streams.delete(stream))
    return stream
  }

  #carry(host: Host, deliver: () => void, to: 'store' | 'client'): void {
    this.#activity += 1
    if (to === 'store') return this.#send(this.#latencyMs, deliver)
    if (host.delayMs === Number.POSITIVE_INFINITY) return
    const at = Math.max(this.#time.nowMs + this.#latencyMs + host.delayMs, host.lastArrivalAt)
    host.lastArrivalAt = at
    this.#send(at - this.#time.nowMs, () => this.#arrive(host, deliver))
  }

  #send(delayMs: number, deliver: () => void): void {
    if (delayMs > 0) this.#time.add(`${SLEEP}network`, delayMs, deliver)
    else this.#enqueue(deliver)
  }

  #arrive(host: Host, deliver: () => void): void {
    if (host.isFrozen) host.held.push(deliver)
    else if (!host.isDead) deliver()
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

  /** Ends a host as SIGKILL does: its connections are cut, and it opens no others. */
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
    if (!isFrozen) for (const deliver of host.held.splice(0)) this.#enqueue(() => this.#arrive(host, deliver))
  }

  /** Cuts a host off, or makes it reachable again. */
  setCut(name: string, isCut: boolean): void {
    const host = this.#host(name)
    host.isCut = isCut
    if (isCut) this.#cutStreams(host)
    else for (const resolve of host.waiting.splice(0)) resolve()
  }

  /** Whether messages from the store reach a host. */
  isReached(name: string): boolean {
    const { isCut, delayMs } = this.#host(name)
    return !isCut && delayMs < Number.POSITIVE_INFINITY
  }

  /** Cuts the connections of a host, which may reconnect at once. */
  breakConnections(name: string): void {
    this.#cutStreams(this.#host(name))
  }

  /** Delays messages from the store to a host by a number of virtual ms; with Infinity they are lost. */
  setDelay(name: string, delayMs: number): void {
    this.#host(name).delayMs = delayMs
  }

  /**
   * Resolves when no message is in flight, no connection is about to be made, and nothing follows from the last one.
   */
  async quiet(): Promise<void> {
    const deadline = performance.now() + RECONNECT_MS
    for (;;) {
      const former = this.#activity
      // An earlier immediate carries each sent message, and its consequences run before the next immediate.
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#activity === former && !(this.#isReturning() && performance.now() < deadline)) return
    }
  }

  #isReturning(): boolean {
    for (const { returning } of this.#hosts.values()) if (returning > 0) return true
    return false
  }
}
