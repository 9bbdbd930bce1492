import { MemoryStore } from '../store/memory-store.js'
import { MemoryStream } from './memory-stream.js'

/** Gives the stream of a new connection; rejects where the store cannot be reached. */
export type OpenStream = () => Promise<MemoryStream> | MemoryStream

/** The value of the option `Connector` of ioredis. */
export type ConnectorClass = new () => {
  connect(): Promise<MemoryStream>
  disconnect(): void
  check(): boolean
}

/** Makes the class that ioredis opens its connections with, in place of sockets; duplicates of a client use it too. */
export function createConnectorClass(open: OpenStream): ConnectorClass {
  return class {
    connecting = false
    /** The connection of the client; null before the first. */
    #stream: MemoryStream | null = null

    async connect(): Promise<MemoryStream> {
      this.connecting = true
      const stream = await open()
      if (!this.connecting) {
        stream.destroy()
        throw new Error('Connection is closed.')
      }
      this.#stream = stream
      return stream
    }

    disconnect(): void {
      this.connecting = false
      this.#stream?.end()
    }

    check(): boolean {
      return true
    }
  }
}

/** How often keys that have expired are looked for, ms: ten times a second, as Redis does. */
export const EXPIRY_MS = 100

let streamCount = 0

/** Opens a stream to a store of this process, without latency. */
export function openMemoryStream(store: MemoryStore): MemoryStream {
  return new MemoryStream(store, `memory:${(streamCount += 1)}`)
}

let shared: MemoryStore | null = null

/** The store that all instances of this process with `redis: 'memory:'` share; made with the first call. */
export function processStore(): MemoryStore {
  if (shared) return shared
  const store = new MemoryStore()
  shared = store
  setInterval(() => store.removeExpired(), EXPIRY_MS).unref()
  return store
}
