import { createHash } from 'node:crypto'
import { brotliDecompressSync } from 'node:zlib'
import { CommandError, Failure, type Reply } from '../store/reply.js'
import { LUA_WASM } from './lua-5.1.generated.js'
import { LuaReader, LuaWriter } from './lua-values.js'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  _initialize(): void
  boot(): void
  reserve(count: number): number
  load(length: number): number
  forget(script: number): void
  run(script: number): number
}

// Declared here, for the types of Node hold no WebAssembly.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

/** Calls a command for a script: its name and words. */
export type ScriptCommand = (words: string[]) => Reply

/** A build of Lua that scripts run in, as `build/build.sh` makes it. */
export interface LuaBuild {
  /** The WebAssembly file, by Brotli and base64. */
  readonly wasm: string
  /** A score reaches a script as a number, where Redis gives its text. */
  readonly givesScoresAsNumbers: boolean
}

/** The interpreter in which the store runs scripts. */
const LUA_5_1: LuaBuild = { wasm: LUA_WASM, givesScoresAsNumbers: false }

/** The modules that are compiled, by the text of their file. */
const compiled = new Map<string, object>()

/** One Lua with the libraries that scripts of Redis have, in WebAssembly. Scripts run one at a time, to their end. */
export class LuaMachine {
  readonly #exports: Exports
  readonly #writer: LuaWriter
  /** The number of each loaded script, by its digest. */
  readonly #scripts = new Map<string, number>()
  /** The memory from the front of the buffer on. */
  #bytes: Buffer = Buffer.alloc(0)
  readonly #rewrite: (text: string) => string
  /** Runs the commands of the script under way. */
  #command: ScriptCommand = () => null

  /**
   * @param rewrite gives the text that is compiled in place of a script
   * @param lua the build of Lua, by default 5.1
   */
  constructor(rewrite: (text: string) => string = (text) => text, lua: LuaBuild = LUA_5_1) {
    this.#rewrite = rewrite
    this.#exports = new WebAssembly.Instance(compile(lua), this.#imports()).exports as Exports
    this.#exports._initialize()
    this.#exports.boot()
    this.#writer = new LuaWriter((count) => this.#buffer(count), lua.givesScoresAsNumbers)
  }

  /** Keeps a script, and gives its digest. @throws CommandError when it is not Lua */
  load(text: string): string {
    const sha1 = digest(text)
    if (this.#scripts.has(sha1)) return sha1
    this.#writer.restart()
    const code = this.#rewrite(text)
    this.#writer.bare(code)
    const script = this.#exports.load(code.length)
    if (script === 0) {
      const reader = new LuaReader(this.#buffer(1))
      throw new CommandError(`ERR Error compiling script (new function): ${(reader.reply() as Failure).message}`)
    }
    this.#scripts.set(sha1, script)
    return sha1
  }

  has(sha1: string): boolean {
    return this.#scripts.has(sha1)
  }

  get scriptCount(): number {
    return this.#scripts.size
  }

  forgetAll(): void {
    for (const script of this.#scripts.values()) this.#exports.forget(script)
    this.#scripts.clear()
  }

  /** Runs a loaded script, and gives its result. */
  run(sha1: string, keys: readonly string[], args: readonly string[], command: ScriptCommand): Reply {
    const writer = this.#writer
    writer.restart()
    writer.size(keys.length)
    writer.size(args.length)
    for (const key of keys) writer.text(key)
    for (const arg of args) writer.text(arg)
    this.#command = command
    this.#exports.run(this.#scripts.get(sha1)!)
    const reader = new LuaReader(this.#buffer(1))
    const tag = reader.tag()
    return tag === 'x' ? describeError(sha1, reader) : reader.reply(tag)
  }

  /** The memory from the front of the buffer on, with room for a number of bytes. */
  #buffer(count: number): Buffer {
    const at = this.#exports.reserve(count)
    const { buffer } = this.#exports.memory
    // The memory is another one when it has grown, and the buffer elsewhere when it has.
    if (this.#bytes.buffer !== buffer || this.#bytes.byteOffset !== at) this.#bytes = Buffer.from(buffer, at)
    return this.#bytes
  }

  #callCommand(): number {
    const words = new LuaReader(this.#buffer(1)).words()
    const reply = this.#command(words)
    this.#writer.restart()
    this.#writer.reply(reply)
    return this.#writer.length
  }

  #replaceBySha1(length: number): void {
    const sha1 = digest(this.#buffer(1).toString('latin1', 0, length))
    this.#writer.restart()
    this.#writer.bare(sha1)
  }

  #imports(): object {
    const none = () => 0
    return {
      host: { call: () => this.#callCommand(), sha1: (length: number) => this.#replaceBySha1(length) },
      env: { getTempRet0: none, setTempRet0: none, emscripten_notify_memory_growth: none, __syscall_dup3: none },
      // Lua is built without files; its C library names them all the same.
      wasi_snapshot_preview1: {
        proc_exit: () => {
          throw new Error('Lua ended by itself')
        },
        fd_write: none,
        fd_read: none,
        fd_close: none,
        fd_seek: none,
      },
    }
  }
}

function compile({ wasm }: LuaBuild): object {
  let module = compiled.get(wasm)
  if (!module) compiled.set(wasm, (module = new WebAssembly.Module(brotliDecompressSync(Buffer.from(wasm, 'base64')))))
  return module
}

function digest(text: string): string {
  return createHash('sha1').update(text, 'latin1').digest('hex')
}

/** The error of a script as Redis words it: with the digest, and the line that it comes from. */
function describeError(sha1: string, reader: LuaReader): Failure {
  const [message, source, line] = [reader.text(), reader.text(), reader.text()]
  if (source === '' || line === '') return new Failure(message)
  return new Failure(`${message} script: ${sha1}, on ${source}:${line}.`)
}
