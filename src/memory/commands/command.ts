import type { Database } from '../data/database.js'
import type { Reply } from '../store/reply.js'
import type { Session } from '../store/session.js'
import type { Settings } from '../store/settings.js'

/** The parts of the store that commands need beyond the keys of their database. */
export interface Host {
  readonly settings: Settings
  readonly sessions: ReadonlyMap<number, Session>
  readonly runId: string
  /** The number and the duration of the calls of each command, since the start or `CONFIG RESETSTAT`. */
  readonly stats: Map<string, CommandStat>
  /** Commands since the start. */
  readonly commandCount: number
  readonly startedAt: number
  /** Time now, epoch ms with a fraction. */
  now(): number
  database(index: number): Database
  /** All databases, for swaps, flushes and counts. */
  readonly databases: ReadonlyMap<number, Database>
  flush(indexes: 'all' | number): void
  publish(channel: string, message: string, kind: 'channel' | 'shard'): number
  runScript(call: Call, sha1: string, keys: readonly string[], args: readonly string[]): Reply
  /** Runs one command of a transaction, with its own error. */
  runCommand(session: Session, name: string, args: readonly string[]): Reply
  /** Stores a script and gives its digest. */
  loadScript(text: string): string
  hasScript(sha1: string): boolean
  forgetScripts(): void
  describe(section: string): string
}

/** The calls of a command. */
export interface CommandStat {
  calls: number
  failed: number
}

/** One call of a command. */
export interface Call {
  readonly host: Host
  readonly session: Session
  readonly db: Database
  /** The time of the command, or of the script that it belongs to, epoch ms with a fraction. */
  readonly nowMs: number
  readonly isScript: boolean
}

/** One command: the number of its words, and its function. */
export interface Command {
  /** Number of words with the name; negative: the least number. */
  readonly arity: number
  /** Scripts may not call it. */
  readonly isForbiddenInScripts?: boolean
  /** Runs in a transaction at once rather than at its end. */
  readonly isImmediate?: boolean
  /** Whether a client with subscriptions may send it. */
  readonly isForSubscribers?: boolean
  /** Whether a client without authentication may send it. */
  readonly isOpenToAll?: boolean
  /** @param args the words after the name */
  run(call: Call, args: readonly string[]): Reply
}

/** Commands by their names in small letters. */
export type CommandTable = Readonly<Record<string, Command>>
