import { ProtocolError, RequestParser } from '../resp/request-parser.js'
import { writePush, writeReply } from '../resp/write-reply.js'
import type { MemoryStore } from '../store/memory-store.js'
import { Waiting, type Reply } from '../store/reply.js'
import type { Outlet, Session } from '../store/session.js'

/** The transport of one connection to its client. */
export interface Line {
  readonly address: string
  /** Sends bytes to the client, one per unit of the text. */
  write(text: string): void
  /** Ends the connection after the written bytes. */
  end(): void
}

/** Runs a function later. @returns a function that cancels it */
export type After = (ms: number, run: () => void) => () => void

/** One connection to a store: bytes in, replies and messages out, in the order of the requests. */
export class Conversation implements Outlet {
  readonly #store: MemoryStore
  readonly #line: Line
  readonly #after: After
  readonly #session: Session
  readonly #parser = new RequestParser()
  /** Cancels the wait of the current command; null for none. */
  #stopWaiting: (() => void) | null = null
  /** Messages during the answering of requests; null at other times. */
  #held: string | null = null
  #isOver = false

  constructor(store: MemoryStore, line: Line, after: After) {
    this.#store = store
    this.#line = line
    this.#after = after
    const isRefused = store.isFull
    this.#session = store.open(line.address, this)
    if (!isRefused) return
    line.write('-ERR max number of clients reached\r\n')
    this.close()
  }

  /** Receives bytes of the client. */
  receive(bytes: Buffer): void {
    if (this.#isOver) return
    this.#parser.add(bytes)
    this.#answer()
  }

  /** Answers the complete requests. */
  #answer(): void {
    this.#held = ''
    let text = ''
    try {
      while (!this.#isOver && this.#stopWaiting === null) {
        const words = this.#parser.next()
        if (words === null) break
        text += this.#run(words) + this.#held
        this.#held = ''
        if (this.#session.isClosed) break
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      text += `-ERR Protocol error: ${error.message}\r\n`
      this.#session.isClosed = true
    }
    this.#held = null
    if (text !== '' && !this.#isOver) this.#line.write(text)
    if (this.#session.isClosed) this.close()
  }

  #run(words: readonly string[]): string {
    const reply = this.#store.execute(this.#session, words)
    if (!(reply instanceof Waiting)) return writeReply(reply, this.#session.protocol)
    const { ms, reply: later } = reply
    const answer = (): void => {
      this.#stopWaiting = null
      this.#line.write(writeReply(later, this.#session.protocol))
      this.#answer()
    }
    this.#stopWaiting = Number.isFinite(ms) ? this.#after(ms, answer) : () => {}
    return ''
  }

  push(message: Reply[]): void {
    if (this.#isOver) return
    const text = writePush(message, this.#session.protocol)
    // A message that a command causes follows the reply to that command.
    if (this.#held === null) this.#line.write(text)
    else this.#held += text
  }

  /** Ends the connection. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopWaiting?.()
    this.#store.close(this.#session)
    this.#line.end()
  }
}
