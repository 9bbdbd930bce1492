import { matchesGlob } from '../data/glob.js'
import type { ChangeListener, EventClass } from '../data/database.js'
import type { Reply } from './reply.js'
import type { Session } from './session.js'
import type { Settings } from './settings.js'

const INVALIDATE = '__redis__:invalidate'

/** Notifies clients of changes: channels, keyspace notifications, tracked keys, watched keys. */
export class Changes implements ChangeListener {
  readonly #sessions: ReadonlyMap<number, Session>
  readonly #settings: Settings
  /** Keys that were changed since the last notification, each with the client that changed it. */
  readonly #changed = new Map<string, number>()
  /** The connection whose command runs. */
  #author = 0

  constructor(sessions: ReadonlyMap<number, Session>, settings: Settings) {
    this.#sessions = sessions
    this.#settings = settings
  }

  setAuthor(sessionId: number): void {
    this.#author = sessionId
  }

  onChanged(db: number, key: string): void {
    this.#changed.set(key, this.#author)
    for (const session of this.#sessions.values()) {
      if (session.watched.size > 0 && session.watched.has(`${db} ${key}`)) session.isWatchBroken = true
    }
  }

  onEvent(db: number, kind: EventClass, event: string, key: string): void {
    const { events } = this.#settings
    if (events === '' || !events.includes(kind)) return
    if (events.includes('K')) this.publish(`__keyspace@${db}__:${key}`, event, 'channel')
    if (events.includes('E')) this.publish(`__keyevent@${db}__:${event}`, key, 'channel')
  }

  /** Records that a flush removed all keys, watched and tracked ones too. */
  flushed(): void {
    this.#changed.clear()
    for (const session of this.#sessions.values()) {
      if (session.watched.size > 0) session.isWatchBroken = true
      if (session.tracking) this.#invalidate(session, null)
    }
  }

  /** Sends a message; says how many got it. */
  publish(channel: string, message: string, kind: 'channel' | 'shard'): number {
    let count = 0
    for (const session of this.#sessions.values()) {
      const exact = kind === 'shard' ? session.shardChannels : session.channels
      if (exact.has(channel)) {
        session.outlet.push([kind === 'shard' ? 'smessage' : 'message', channel, message])
        count += 1
      }
      if (kind === 'shard') continue
      for (const pattern of session.patterns) {
        if (!matchesGlob(pattern, channel)) continue
        session.outlet.push(['pmessage', pattern, channel, message])
        count += 1
      }
    }
    return count
  }

  /** Notifies the clients that track keys of the changed ones; called when a command has ended. */
  tell(): void {
    if (this.#changed.size === 0) return
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const session of this.#sessions.values()) {
      const { tracking } = session
      if (!tracking) continue
      const keys = changed
        .filter(([key, author]) => {
          if (tracking.isDeafToItself && author === session.id) return false
          return tracking.prefixes.some((prefix) => key.startsWith(prefix))
        })
        .map(([key]) => key)
      if (keys.length > 0) this.#invalidate(session, keys)
    }
  }

  #invalidate(session: Session, keys: string[] | null): void {
    const redirect = session.tracking!.redirect
    const target = redirect === 0 ? session : this.#sessions.get(redirect)
    if (!target) return
    const message: Reply[] =
      target.protocol === 3 && redirect === 0 ? ['invalidate', keys] : ['message', INVALIDATE, keys]
    if (message[0] === 'message' && !target.channels.has(INVALIDATE)) return
    target.outlet.push(message)
  }
}
