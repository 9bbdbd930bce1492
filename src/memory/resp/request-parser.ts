const CRLF = '\r\n'
const MOST_WORDS = 1_048_576
const MOST_BYTES = 512 * 1024 * 1024

/** Thrown for bytes that are no request: the connection has to be closed. */
export class ProtocolError extends Error {}

/** Reads requests out of the bytes of a connection, however they are cut. */
export class RequestParser {
  /** Bytes that have arrived and are not read yet, one per unit. */
  #text = ''
  /** The place of the next byte to read. */
  #at = 0

  /** Takes bytes in. */
  add(bytes: Buffer): void {
    this.#text = this.#text.slice(this.#at) + bytes.toString('latin1')
    this.#at = 0
  }

  /** The words of the next request; null while it is not whole. @throws ProtocolError for bytes that are no request */
  next(): string[] | null {
    for (;;) {
      if (this.#at >= this.#text.length) return null
      const words = this.#text[this.#at] === '*' ? this.#list() : this.#line()
      // An empty request is none.
      if (words === null || words.length > 0) return words
    }
  }

  #line(): string[] | null {
    const end = this.#text.indexOf('\n', this.#at)
    if (end < 0) return null
    const line = this.#text.slice(this.#at, end)
    this.#at = end + 1
    return line
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '')
  }

  #list(): string[] | null {
    const head = this.#number(this.#at + 1, MOST_WORDS, 'invalid multibulk length')
    if (!head) return null
    let at = head.end
    const words: string[] = []
    for (let index = 0; index < head.value; index += 1) {
      if (at >= this.#text.length) return null
      if (this.#text[at] !== '$') throw new ProtocolError(`expected '$', got '${this.#text[at]}'`)
      const length = this.#number(at + 1, MOST_BYTES, 'invalid bulk length')
      if (!length) return null
      const end = length.end + length.value
      if (this.#text.length < end + CRLF.length) return null
      words.push(this.#text.slice(length.end, end))
      at = end + CRLF.length
    }
    this.#at = at
    return words
  }

  #number(from: number, most: number, message: string): { value: number; end: number } | null {
    const end = this.#text.indexOf(CRLF, from)
    if (end < 0) return null
    const text = this.#text.slice(from, end)
    const value = Number(text)
    if (!/^-?\d+$/.test(text) || value > most) throw new ProtocolError(message)
    return { value: Math.max(0, value), end: end + CRLF.length }
  }
}
