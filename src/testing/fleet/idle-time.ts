import type { MemoryStore } from '../../memory/index.js'

/**
 * Time before the next due instant at which an idle fleet is processed once, ms, so that its timers and claims are on
 * time.
 */
const LEAD_MS = 50
/** Time for which the record of a worker is kept without a heartbeat, ms. */
const RECORD_MS = 60_000

/** The next event of an idle fleet, read from the keys of the engine. */
export class IdleTime {
  readonly #store: MemoryStore
  readonly #tags: readonly string[]

  constructor(store: MemoryStore, prefix: string, shards: number) {
    this.#store = store
    this.#tags = Array.from({ length: shards }, (_, shard) => (shards === 1 ? `{${prefix}}` : `{${prefix}:${shard}}`))
  }

  /**
   * The instant until which nothing can happen, epoch ms: `Infinity` if nothing is planned; null if the fleet is not
   * idle, so that every heartbeat counts.
   *
   * @param alive the ids of the live and connected workers
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
    // A worker that is missing in the store notices the data loss with its next heartbeat.
    if (known.length !== alive.size) return null
    for (const { member } of known) if (!alive.has(member)) return null
    return next > nowMs ? next : null
  }

  #workers(): readonly { member: string }[] {
    return this.#store.database(0).read(`${this.#tags[0]}:workers`, 'zset')?.sorted.order ?? []
  }

  /** Records heartbeats of all workers at an instant, instead of the omitted ones. */
  keepAlive(atMs: number): void {
    const db = this.#store.database(0)
    const sorted = db.read(`${this.#tags[0]}:workers`, 'zset')?.sorted
    for (const { member } of [...this.#workers()]) {
      sorted?.set(member, atMs)
      db.setExpiry(`${this.#tags[0]}:worker:${member}`, atMs + RECORD_MS)
    }
  }
}
