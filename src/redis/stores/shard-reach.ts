import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { endsWithin, type TimeSource } from '../../time-source.js'

/** How long a shard may take to answer a reading before it counts as silent, ms. */
const SILENT_MS = 2_000

/** What ioredis and the nodes of a Cluster say where a node is gone, or its slots have no node. */
const GONE =
  /^(CLUSTERDOWN|MASTERDOWN|LOADING)|connection is closed|ECONNREFUSED|ETIMEDOUT|too many cluster redirections|failed to refresh slots|max retries per request/i

/** Reads shard by shard, and goes on without those that do not answer. A fleet of one shard has nothing to go on with. */
export class ShardReach {
  readonly #client: RedisClient
  readonly #keys: readonly Keys[]
  readonly #time: TimeSource
  /** Shards with a reading that has waited for too long: they are not asked while it waits. */
  readonly #silent = new Map<number, Promise<unknown>>()

  constructor(client: RedisClient, keys: readonly Keys[], time: TimeSource) {
    this.#client = client
    this.#keys = keys
    this.#time = time
  }

  /**
   * Asks a shard. Gives null when it is silent, or its node is gone; the second time at once.
   *
   * @throws what `ask` rejects with for any other reason, and on a fleet of one shard for every reason
   */
  async tryAsk<Reply>(shard: number, ask: (keys: Keys) => Promise<Reply>): Promise<Reply | null> {
    const keys = this.#keys[shard]!
    if (this.#keys.length === 1) return await ask(keys)
    if (this.#silent.has(shard)) return null
    const reply = await this.#ask(shard, ask(keys))
    // Where one shard is silent others may be: asked at once they cost one time-out in all, not one each.
    if (reply === null) await Promise.all(this.#keys.map((_, other) => this.#probe(other)))
    return reply
  }

  async #probe(shard: number): Promise<void> {
    if (!this.#silent.has(shard)) await this.#ask(shard, this.#client.exists(this.#keys[shard]!.meta)).catch(() => {})
  }

  async #ask<Reply>(shard: number, reply: Promise<Reply>): Promise<Reply | null> {
    try {
      if (await endsWithin(this.#time, SILENT_MS, reply)) return await reply
    } catch (error) {
      if (error instanceof Error && GONE.test(error.message)) return null
      throw error
    }
    this.#silent.set(shard, reply)
    const forget = () => void this.#silent.delete(shard)
    reply.then(forget, forget)
    return null
  }
}
