import type { MemoryStore } from '../../memory/index.js'

/** So long before the next due instant an idle fleet is looked after once, ms: its timers and claims find their time. */
const LEAD_MS = 50
/** For so long the record of a worker is kept without a heartbeat, ms. */
const RECORD_MS = 60_000

/** What an idle fleet waits for, read where the engine keeps it. */
export class IdleTime {
  readonly #store: MemoryStore
  readonly #tags: readonly string[]

  constructor(store: MemoryStore, prefix: string, shards: number) {
    this.#store = store
    this.#tags = Array.from({ length: shards }, (_, shard) => (shards === 1 ? `{${prefix}}` : `{${prefix}:${shard}}`))
  }

  /**
   * Until when nothing can happen, epoch ms: `Infinity` where nothing is planned, null where something goes on, so that
   * every heartbeat counts.
   *
   * @param alive the ids of the workers that live and are connected
   */
  until(nowMs: number, alive: ReadonlySet<string>): number | null {
    const db = this.#store.database(0)
    let next = Number.POSITIVE_INFINITY
    for (const tag of this.#tags) {
      if (db.has(`${tag}:running`) || db.has(`${tag}:pending`) || db.has(`${tag}:lanes`)) return null
      const first = db.read(`${tag}:due`, 'zset')?.sorted.order[0]
      if (first) next = Math.min(next, first.score - LEAD_MS)
    }
    const known = this.#workers()
    // A worker that the store does not know finds with its next heartbeat that the store has lost what it held.
    if (known.length !== alive.size) return null
    for (const { member } of known) if (!alive.has(member)) return null
    return next > nowMs ? next : null
  }

  #workers(): readonly { member: string }[] {
    return this.#store.database(0).read(`${this.#tags[0]}:workers`, 'zset')?.sorted.order ?? []
  }

  /** Shows the workers alive at an instant, as the heartbeats that are left out would have. */
  keepAlive(atMs: number): void {
    const db = this.#store.database(0)
    const sorted = db.read(`${this.#tags[0]}:workers`, 'zset')?.sorted
    for (const { member } of [...this.#workers()]) {
      sorted?.set(member, atMs)
      db.setExpiry(`${this.#tags[0]}:worker:${member}`, atMs + RECORD_MS)
    }
  }
}
