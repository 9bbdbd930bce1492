import type { Reply } from './reply.js'

/** The notifications of edited keys that a client gets: `CLIENT TRACKING ON … BCAST`. */
export interface Tracking {
  /** The client that gets the messages; this client when it speaks RESP3 and names none. */
  readonly redirect: number
  readonly prefixes: readonly string[]
  /** Whether a client gets no notification of its own edits. */
  readonly isDeafToItself: boolean
}

/** A command that waits for the end of its transaction. */
export interface Queued {
  readonly name: string
  readonly args: readonly string[]
}

/** The methods of a connection's front that the store calls. */
export interface Outlet {
  /** Writes a message that answers no command. */
  push(message: Reply[]): void
  close(): void
}

/** One connection, as the store knows it. */
export class Session {
  name = ''
  dbIndex = 0
  protocol: 2 | 3 = 2
  library = { name: '', version: '' }
  tracking: Tracking | null = null
  readonly channels = new Set<string>()
  readonly patterns = new Set<string>()
  readonly shardChannels = new Set<string>()
  /** Commands of a transaction under way; null outside one. */
  queue: Queued[] | null = null
  /** A command of the transaction could not be queued, so that it cannot run. */
  isQueueBroken = false
  /** Keys that the next transaction depends on, as database and key. */
  readonly watched = new Set<string>()
  /** A watched key was changed. */
  isWatchBroken = false
  /** It gave the password, or the server had none when it came. */
  isAuthenticated = false
  isMonitor = false
  isClosed = false
  lastCommand = 'NULL'

  readonly id: number
  readonly address: string
  readonly connectedAt: number
  readonly outlet: Outlet

  constructor(id: number, address: string, connectedAt: number, outlet: Outlet) {
    this.id = id
    this.address = address
    this.connectedAt = connectedAt
    this.outlet = outlet
  }

  /** How many channels and patterns it listens to. */
  get subscriptionCount(): number {
    return this.channels.size + this.patterns.size
  }

  /** Ends the transaction, and the watches on which it depends. */
  endTransaction(): void {
    this.queue = null
    this.isQueueBroken = false
    this.forgetWatched()
  }

  forgetWatched(): void {
    this.watched.clear()
    this.isWatchBroken = false
  }

  /** Resets the session to that of a new connection. */
  reset(): void {
    this.endTransaction()
    for (const set of [this.channels, this.patterns, this.shardChannels]) set.clear()
    this.tracking = null
    this.name = ''
    this.dbIndex = 0
    this.protocol = 2
    this.isMonitor = false
  }
}
