import { Double, Failure, Pairs, Status, type Reply } from '../store/reply.js'
import { formatDouble } from '../data/number-text.js'

// A value crosses between JavaScript and Lua as one letter and its content, numbers in the byte order of the machine:
// n nothing · i a double · s o e a text, a status, an error: its length in 4 bytes, and the bytes · a a list: its length.

/** Writes texts and replies into the memory that Lua reads. */
export class LuaWriter {
  /** The memory of the machine; it is another buffer after it grew. */
  #bytes: Buffer
  /** Bytes that are written. */
  #length = 0

  /** Bytes that the buffer has room for. */
  #capacity = 1 << 16
  readonly #reserve: (count: number) => Buffer
  readonly #givesScoresAsNumbers: boolean

  /**
   * @param reserve makes room for a number of bytes, and gives the memory from the begin of the buffer on
   * @param givesScoresAsNumbers a score is written as a number, where Redis gives a script its text
   */
  constructor(reserve: (count: number) => Buffer, givesScoresAsNumbers: boolean) {
    this.#reserve = reserve
    this.#givesScoresAsNumbers = givesScoresAsNumbers
    this.#bytes = reserve(this.#capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Begins at the front of the buffer. */
  restart(): void {
    this.#bytes = this.#reserve(1)
    this.#length = 0
  }

  #makeRoom(count: number): void {
    if (this.#length + count <= this.#capacity) return
    this.#capacity = (this.#length + count) * 2
    this.#bytes = this.#reserve(this.#capacity)
  }

  size(value: number): void {
    this.#makeRoom(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  text(text: string): void {
    this.#makeRoom(4 + text.length)
    this.#length = this.#bytes.writeUInt32LE(text.length, this.#length)
    this.#length += this.#bytes.write(text, this.#length, 'latin1')
  }

  bare(text: string): void {
    this.#makeRoom(text.length)
    this.#length += this.#bytes.write(text, this.#length, 'latin1')
  }

  /** A reply as a script sees it: by the rules of RESP2. */
  reply(reply: Reply): void {
    if (typeof reply === 'string') this.#tagged('s', reply)
    else if (typeof reply === 'number') this.#number(reply)
    else if (Array.isArray(reply)) this.#list(reply)
    else if (reply instanceof Pairs) this.#list(reply.items)
    else if (reply instanceof Double && this.#givesScoresAsNumbers) this.#number(reply.value)
    else if (reply instanceof Double) this.#tagged('s', formatDouble(reply.value))
    else if (reply instanceof Status) this.#tagged('o', reply.text)
    else if (reply instanceof Failure) this.#tagged('e', reply.message)
    else if (reply === true) this.reply(1)
    else this.bare('n')
  }

  #number(value: number): void {
    this.bare('i')
    this.#makeRoom(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  #tagged(tag: string, text: string): void {
    this.bare(tag)
    this.text(text)
  }

  #list(items: readonly Reply[]): void {
    this.bare('a')
    this.size(items.length)
    for (const item of items) this.reply(item)
  }
}

/** Reads the values that Lua wrote to the buffer. */
export class LuaReader {
  /** The place of the next value to read. */
  #at = 0

  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  size(): number {
    const value = this.bytes.readUInt32LE(this.#at)
    this.#at += 4
    return value
  }

  text(): string {
    const length = this.size()
    const text = this.bytes.toString('latin1', this.#at, this.#at + length)
    this.#at += length
    return text
  }

  tag(): string {
    return String.fromCharCode(this.bytes[this.#at++]!)
  }

  /** The words of a command. */
  words(): string[] {
    const count = this.size()
    const words = new Array<string>(count)
    for (let index = 0; index < count; index += 1) words[index] = this.text()
    return words
  }

  reply(tag = this.tag()): Reply {
    switch (tag) {
      case 's':
        return this.text()
      case 'o':
        return new Status(this.text())
      case 'e':
        return new Failure(this.text())
      case 'a': {
        const count = this.size()
        const items: Reply[] = []
        for (let index = 0; index < count; index += 1) items.push(this.reply())
        return items
      }
      case 'i': {
        const value = this.bytes.readDoubleLE(this.#at)
        this.#at += 8
        return value
      }
      default:
        return null
    }
  }
}
