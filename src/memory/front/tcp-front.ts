import { createServer, type Server, type Socket } from 'node:net'
import type { MemoryStore } from '../store/memory-store.js'
import { Conversation } from './conversation.js'
import { EXPIRY_MS } from './memory-connector.js'
import { afterRealTime } from './memory-stream.js'

/** A store behind a port of the loopback. */
export class TcpFront {
  readonly #store: MemoryStore
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Removes expired keys now and then. */
  #expiry: NodeJS.Timeout | null = null

  constructor(store: MemoryStore) {
    this.#store = store
    this.#server = createServer((socket) => this.#take(socket))
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    const line = {
      address: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
      write: (text: string) => void socket.write(text, 'latin1'),
      end: () => void socket.end(),
    }
    const conversation = new Conversation(this.#store, line, afterRealTime)
    socket.on('data', (bytes: Buffer) => conversation.receive(bytes))
    // A connection that breaks is treated as closed.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#sockets.delete(socket)
      conversation.close()
    })
  }

  /** Begins to listen; 0 for a free port. Gives the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#expiry = setInterval(() => this.#store.removeExpired(), EXPIRY_MS)
    this.#expiry.unref()
    return (this.#server.address() as { port: number }).port
  }

  /** Cuts all connections and ends. */
  async close(): Promise<void> {
    if (this.#expiry) clearInterval(this.#expiry)
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
