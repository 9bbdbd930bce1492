import { createHash } from 'node:crypto'
import type { Call, Command, CommandStat, Host } from '../commands/command.js'
import { COMMANDS } from '../commands/command-table.js'
import { Database, type EntryCopy } from '../data/database.js'
import { LuaMachine, type LuaBuild } from '../lua/lua-machine.js'
import { Changes } from './changes.js'
import { describeServer } from './info.js'
import { CommandError, Failure, Status, type Reply } from './reply.js'
import { Session, type Outlet } from './session.js'
import { Settings } from './settings.js'

const DATABASES = 16

/** Options of a {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Changes the scripts that run, which keep their digests; default: no change. */
  readonly rewriteScript?: ((text: string) => string) | undefined
  /** The error with which a command is refused, as by some servers; null for none. Default: no command is refused. */
  readonly refuse?: ((attempt: Attempt) => string | null) | undefined
  /** The version of Lua; default: 5.1, as in Redis. */
  readonly lua?: LuaBuild | undefined
}

/** A command that is about to run. */
export interface Attempt {
  /** In small letters. */
  readonly name: string
  readonly args: readonly string[]
  /** The keys that the script around it has declared; null outside of scripts. */
  readonly declared: readonly string[] | null
}
const QUEUED = new Status('QUEUED')

/** The data of a store at one moment. */
export type StoreCopy = readonly { readonly index: number; readonly entries: readonly EntryCopy[] }[]

/**
 * A Redis inside this process: keys, expiry, channels, transactions and Lua scripts, one command after the other. Its
 * data is lost when this process ends. Text in and out holds one byte per unit.
 */
export class MemoryStore implements Host {
  readonly settings = new Settings()
  readonly sessions = new Map<number, Session>()
  readonly databases = new Map<number, Database>()
  readonly stats = new Map<string, CommandStat>()
  readonly startedAt: number
  /** Another one after each restart. */
  runId: string
  commandCount = 0
  readonly #changes = new Changes(this.sessions, this.settings)
  readonly #now: () => number
  readonly #options: MemoryStoreOptions
  /** The machine that runs scripts; null before the first script. */
  #lua: LuaMachine | null = null
  /** Number of sessions so far, from which each gets its number. */
  #sessionCount = 0
  /** The time of the current command, by which keys expire while it runs; null between commands. */
  #commandAt: number | null = null

  /** @param now the clock: epoch ms with a fraction, by default this machine's */
  constructor(now: () => number = () => performance.timeOrigin + performance.now(), options: MemoryStoreOptions = {}) {
    this.#now = now
    this.#options = options
    this.startedAt = now()
    this.runId = createRunId(this.startedAt)
  }

  now(): number {
    return this.#commandAt ?? this.#now()
  }

  /** Whether the number of connections has reached the setting `maxclients`. */
  get isFull(): boolean {
    return this.sessions.size >= Number(this.settings.get('maxclients'))
  }

  /** Opens a session for a connection. */
  open(address: string, outlet: Outlet): Session {
    const session = new Session((this.#sessionCount += 1), address, this.now(), outlet)
    session.isAuthenticated = this.settings.get('requirepass') === ''
    this.sessions.set(session.id, session)
    return session
  }

  /** Forgets a connection. */
  close(session: Session): void {
    session.isClosed = true
    this.sessions.delete(session.id)
  }

  database(index: number): Database {
    if (!(index >= 0 && index < DATABASES)) throw new CommandError('ERR DB index is out of range')
    let db = this.databases.get(index)
    if (!db) {
      db = new Database(index, () => this.now(), this.#changes)
      this.databases.set(index, db)
    }
    return db
  }

  /** Removes expired keys, with notifications. */
  removeExpired(): void {
    for (const db of this.databases.values()) if (db.hasMortals) db.removeExpired()
    this.#changes.tell()
  }

  flush(indexes: 'all' | number): void {
    for (const db of this.databases.values()) if (indexes === 'all' || db.index === indexes) db.clear()
    this.#changes.flushed()
  }

  /** A copy of all data, which may include expired keys. */
  copyData(): StoreCopy {
    return [...this.databases.values()].map((db) => ({ index: db.index, entries: db.copyEntries() }))
  }

  /**
   * Replaces all data by a copy, as a replica does that takes over without the newest writes. Connections are not
   * changed, although a replica has none.
   */
  takeOver(copy: StoreCopy): void {
    for (const db of this.databases.values()) db.clear()
    for (const { index, entries } of copy) this.database(index).putEntries(entries)
    this.forgetScripts()
    this.runId = createRunId(this.now())
  }

  publish(channel: string, message: string, kind: 'channel' | 'shard'): number {
    return this.#changes.publish(channel, message, kind)
  }

  describe(section: string): string {
    return describeServer(this, section)
  }

  /** Runs a command of a client, at once or at the end of its transaction. */
  execute(session: Session, words: readonly string[]): Reply {
    const name = words[0]!.toLowerCase()
    const args = words.slice(1)
    session.lastCommand = name
    const found = this.#find(words[0]!, name, args)
    if (found instanceof Failure) {
      if (session.queue) session.isQueueBroken = true
      return found
    }
    if (!session.isAuthenticated && !found.isOpenToAll) return new Failure('NOAUTH Authentication required.')
    if (session.protocol === 2 && session.subscriptionCount > 0 && !found.isForSubscribers) {
      return new Failure(
        `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      )
    }
    this.#tellMonitors(session, words)
    if (session.queue && !found.isImmediate) {
      session.queue.push({ name, args })
      return QUEUED
    }
    this.#changes.setAuthor(session.id)
    this.#commandAt = this.#now()
    try {
      return this.runCommand(session, name, args)
    } finally {
      this.#commandAt = null
      this.#changes.tell()
    }
  }

  #find(given: string, name: string, args: readonly string[]): Command | Failure {
    const command = COMMANDS.get(name)
    if (!command) {
      const shown = args.map((arg) => `'${arg.slice(0, 128).split('\0', 1)[0]}' `).join('')
      return new Failure(
        `ERR unknown command '${given.slice(0, 128)}', with args beginning with: ${shown.slice(0, 128)}`,
      )
    }
    if (!fits(command, args)) return new Failure(`ERR wrong number of arguments for '${name}' command`)
    const refusal = this.#options.refuse?.({ name, args, declared: null }) ?? null
    return refusal === null ? command : new Failure(refusal)
  }

  runCommand(session: Session, name: string, args: readonly string[]): Reply {
    return this.#run(COMMANDS.get(name)!, name, args, {
      host: this,
      session,
      db: this.database(session.dbIndex),
      nowMs: this.now(),
      isScript: false,
    })
  }

  #run(command: Command, name: string, args: readonly string[], call: Call): Reply {
    const stat = this.#statOf(name)
    this.commandCount += 1
    stat.calls += 1
    try {
      return command.run(call, args)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      stat.failed += 1
      return new Failure(error.message)
    }
  }

  #statOf(name: string): CommandStat {
    let stat = this.stats.get(name)
    if (!stat) this.stats.set(name, (stat = { calls: 0, failed: 0 }))
    return stat
  }

  get #machine(): LuaMachine {
    return (this.#lua ??= new LuaMachine(this.#options.rewriteScript, this.#options.lua))
  }

  loadScript(text: string): string {
    return this.#machine.load(text)
  }

  hasScript(sha1: string): boolean {
    return this.#lua?.has(sha1) ?? false
  }

  forgetScripts(): void {
    this.#lua?.forgetAll()
  }

  runScript(call: Call, sha1: string, keys: readonly string[], args: readonly string[]): Reply {
    let inner: Call = { ...call, isScript: true }
    return this.#machine.run(sha1, keys, args, (words) => {
      const [given = '', ...rest] = words
      const name = given.toLowerCase()
      const command = COMMANDS.get(name)
      if (!command) return new Failure('ERR Unknown Redis command called from script')
      if (!fits(command, rest)) return new Failure('ERR Wrong number of args calling Redis command from script')
      if (command.isForbiddenInScripts) return new Failure('ERR This Redis command is not allowed from script')
      const refusal = this.#options.refuse?.({ name, args: rest, declared: keys }) ?? null
      if (refusal !== null) return new Failure(refusal)
      if (name !== 'select') return this.#run(command, name, rest, inner)
      inner = { ...inner, db: this.database(Number(rest[0])) }
      return new Status('OK')
    })
  }

  #tellMonitors(session: Session, words: readonly string[]): void {
    for (const other of this.sessions.values()) {
      if (!other.isMonitor) continue
      const shown = words.map((word) => `"${word.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, escapeByte)}"`).join(' ')
      const line = `${(this.#now() / 1000).toFixed(6)} [${session.dbIndex} ${session.address}] ${shown}`
      other.outlet.push([new Status(line)])
    }
  }
}

function createRunId(startedAt: number): string {
  return createHash('sha1').update(`${startedAt}`).digest('hex')
}

function fits(command: Command, args: readonly string[]): boolean {
  const count = args.length + 1
  return command.arity < 0 ? count >= -command.arity : count === command.arity
}

function escapeByte(byte: string): string {
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
}
