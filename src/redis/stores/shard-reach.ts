import { isConnectionLoss } from '../../connection-loss.js'
import { EverybeatError } from '../../errors.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { endsWithin, type TimeSource } from '../../time-source.js'

/** Time after which a shard without an answer to a reading is silent, ms. */
const SILENT_MS = 2_000

/** Reads shard by shard, and continues without silent shards. With one shard a reading fails instead. */
export class ShardReach {
  readonly #client: RedisClient
  readonly #keys: readonly Keys[]
  readonly #time: TimeSource
  /** Silent shards with their unanswered reading; they are not asked again while it waits. */
  readonly #silent = new Map<number, Promise<unknown>>()

  constructor(client: RedisClient, keys: readonly Keys[], time: TimeSource) {
    this.#client = client
    this.#keys = keys
    this.#time = time
  }

  /**
   * Asks a shard. Gives null when the shard does not answer: the first time after a wait, then at once.
   *
   * @throws what `ask` rejects with for any other reason, and on a fleet of one shard for every reason
   */
  async tryAsk<Reply>(shard: number, ask: (keys: Keys) => Promise<Reply>): Promise<Reply | null> {
    const keys = this.#keys[shard]!
    if (this.#keys.length === 1) return await ask(keys)
    if (this.#silent.has(shard)) return null
    const reply = await this.#ask(shard, ask(keys))
    // When one shard is silent others may be too. Asked together they cost one time-out in all, not one each.
    if (reply === null) await Promise.all(this.#keys.map((_, other) => this.#probe(other)))
    return reply
  }

  /**
   * Asks every shard a question that needs the answers of all.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` naming the shards that are silent
   */
  async askAll<Reply>(ask: (keys: Keys) => Promise<Reply>): Promise<NonNullable<Reply>[]> {
    const replies = await Promise.all(this.#keys.map((_, shard) => this.tryAsk(shard, ask)))
    const silent = replies.flatMap((reply, shard) => (reply === null ? [shard] : []))
    if (silent.length === 0) return replies as NonNullable<Reply>[]
    const [shards, verb] = silent.length === 1 ? ['shard', 'does'] : ['shards', 'do']
    const message = `${shards} ${silent.join(', ')} of ${this.#keys.length} ${verb} not answer: a total of all shards is unknown; \`list\` and \`runs\` give the data of the other shards`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message)
  }

  async #probe(shard: number): Promise<void> {
    if (!this.#silent.has(shard)) await this.#ask(shard, this.#client.exists(this.#keys[shard]!.meta)).catch(() => {})
  }

  async #ask<Reply>(shard: number, reply: Promise<Reply>): Promise<Reply | null> {
    try {
      if (await endsWithin(this.#time, SILENT_MS, reply)) return await reply
    } catch (error) {
      if (isConnectionLoss(error)) return null
      throw error
    }
    this.#silent.set(shard, reply)
    const forget = () => void this.#silent.delete(shard)
    reply.then(forget, forget)
    return null
  }
}
