import type { Database } from '../data/database.js'
import type { Reply } from '../store/reply.js'
import type { Session } from '../store/session.js'
import type { Settings } from '../store/settings.js'

/** What commands need of the store beyond the keys of their database. */
export interface Host {
  readonly settings: Settings
  readonly sessions: ReadonlyMap<number, Session>
  readonly runId: string
  /** How often each command ran, and how long, since the start or `CONFIG RESETSTAT`. */
  readonly stats: Map<string, CommandStat>
  /** Commands since the start. */
  readonly commandCount: number
  readonly startedAt: number
  /** Time now, epoch ms with a fraction. */
  now(): number
  database(index: number): Database
  /** Swaps, flushes and counts reach over all databases. */
  readonly databases: ReadonlyMap<number, Database>
  flush(indexes: 'all' | number): void
  publish(channel: string, message: string, kind: 'channel' | 'shard'): number
  runScript(call: Call, sha1: string, keys: readonly string[], args: readonly string[]): Reply
  /** Runs one command of a transaction, with its own end and error. */
  runCommand(session: Session, name: string, args: readonly string[]): Reply
  /** Keeps a script and gives its digest. */
  loadScript(text: string): string
  hasScript(sha1: string): boolean
  forgetScripts(): void
  describe(section: string): string
}

/** How often a command ran. */
export interface CommandStat {
  calls: number
  failed: number
}

/** One command under way. */
export interface Call {
  readonly host: Host
  readonly session: Session
  readonly db: Database
  /** The time of the command, or of the script that it belongs to, epoch ms with a fraction. */
  readonly nowMs: number
  readonly isScript: boolean
}

/** One command: how many words it takes, and what it does. */
export interface Command {
  /** Words with the name: exactly so many, or at least so many when negative. */
  readonly arity: number
  /** Scripts may not call it. */
  readonly isForbiddenInScripts?: boolean
  /** Runs in a transaction at once rather than at its end. */
  readonly isImmediate?: boolean
  /** Changes nothing, so a client that only subscribes may send it. */
  readonly isForSubscribers?: boolean
  /** Also for a client that has not given the password. */
  readonly isOpenToAll?: boolean
  /** @param args the words behind the name */
  run(call: Call, args: readonly string[]): Reply
}

/** Commands by their names in small letters. */
export type CommandTable = Readonly<Record<string, Command>>
