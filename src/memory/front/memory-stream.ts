import { Duplex } from 'node:stream'
import type { MemoryStore } from '../store/memory-store.js'
import { Conversation, type After } from './conversation.js'

/** Carries the bytes between the two ends of a connection: later and in order, or never. */
export interface Wire {
  /** Carries one piece to one of the two ends. */
  carry(deliver: () => void, to: 'store' | 'client'): void
}

/** A wire without latency: each piece arrives with the next turn of the event loop. */
export const DIRECT_WIRE: Wire = { carry: (deliver) => void setImmediate(deliver) }

/** The end of a connection that a client holds, in place of a socket. */
export class MemoryStream extends Duplex {
  /** The address that clients show for their connection. */
  readonly remoteAddress = 'memory'
  readonly remotePort = 0
  readonly connecting = false
  readonly #wire: Wire
  readonly #conversation: Conversation

  constructor(store: MemoryStore, address: string, wire: Wire = DIRECT_WIRE, after: After = afterRealTime) {
    super({ allowHalfOpen: false })
    this.#wire = wire
    const line = {
      address,
      write: (text: string) => this.#carryBack(() => void this.push(Buffer.from(text, 'latin1'))),
      end: () => this.#carryBack(() => void this.push(null)),
    }
    this.#conversation = new Conversation(store, line, after)
    // A cut stream has no reader that could notice its end.
    this.once('end', () => this.destroy())
  }

  #carryBack(deliver: () => void): void {
    this.#wire.carry(() => {
      if (!this.destroyed) deliver()
    }, 'client')
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#wire.carry(() => this.#conversation.receive(chunk), 'store')
    done()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#wire.carry(() => this.#conversation.close(), 'store')
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Bytes that were sent before a connection broke still arrive.
    this.#wire.carry(() => this.#conversation.close(), 'store')
    done(error)
  }

  // Methods of a socket that clients call, without an effect here.
  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

/** Waits by this machine's time, and keeps no process alive. */
export const afterRealTime: After = (ms, run) => {
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1))
  timer.unref()
  return () => clearTimeout(timer)
}
