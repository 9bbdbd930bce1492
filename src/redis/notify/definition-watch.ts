import type { Cluster, Redis } from 'ioredis'
import { closeClient, duplicateConnection, duplicateNode, type Connection } from '../connection/client.js'
import { databaseOf } from '../database.js'
import type { Keys } from '../keys.js'
import { ClusterWatch } from './definition-watch-cluster.js'
import type { DefinitionListener } from '../../worker/listeners.js'
import type { Watch } from './definition-listener.js'
import { SubscriptionWatchdog } from './subscription-watchdog.js'
import type { TimeSource } from '../../time-source.js'

const INVALIDATE = '__redis__:invalidate'

/**
 * Watches definitions through Redis's own key tracking (`CLIENT TRACKING … BCAST`, Redis 6 and later), which needs no
 * setting of the server; where that is refused, through keyspace notifications, if the server has them on. Neither reaches
 * over the nodes of a Cluster: there every primary is watched.
 */
export function openWatch(
  connection: Connection,
  shards: readonly Keys[],
  workerId: string,
  listener: DefinitionListener,
): Watch {
  const { time } = connection
  const watched = { shards, workerId, time }
  if (!connection.isCluster) return new ServerWatch(duplicateConnection(connection) as Redis, watched, listener)
  const watchNode = (primary: Redis, nodeListener: DefinitionListener) =>
    new ServerWatch(duplicateNode(primary, time), watched, nodeListener)
  return new ClusterWatch(connection.client as Cluster, watchNode, listener)
}

/** What is watched on each server, and for which worker. */
interface Watched {
  readonly shards: readonly Keys[]
  readonly workerId: string
  readonly time: TimeSource
}

/** Watches one server on a connection of its own, which it closes when it stops. */
class ServerWatch implements Watch {
  readonly #client: Redis
  readonly #time: TimeSource
  readonly #listener: DefinitionListener
  /** What the keys of definitions begin with, by shard. */
  readonly #prefixes: readonly string[]
  /** Shards by their hash tag, braces included. */
  readonly #shardByTag: ReadonlyMap<string, number>
  /** What the channels of keyspace notifications begin with. */
  readonly #keyspace: string
  /** The channel of the echo of this worker's heartbeats. */
  readonly #ownChannel: string
  readonly #watchdog: SubscriptionWatchdog
  #isStopped = false

  constructor(client: Redis, { shards, workerId, time }: Watched, listener: DefinitionListener) {
    this.#client = client
    this.#time = time
    this.#listener = listener
    this.#prefixes = shards.map((keys) => keys.schedule(''))
    this.#shardByTag = new Map(shards.map(({ tag }, shard) => [tag, shard]))
    this.#keyspace = `__keyspace@${databaseOf(client)}__:`
    this.#ownChannel = shards[0]!.worker(workerId)
    this.#watchdog = new SubscriptionWatchdog(client, this.#ownChannel, time)
    client.on('messageBuffer', (channel: Buffer, keys: Buffer | Buffer[] | null) => {
      if (channel.toString() === INVALIDATE) this.#onInvalidation(keys)
    })
    client.on('pmessage', (_pattern: string, channel: string) => this.#onKey(channel.slice(this.#keyspace.length)))
    client.on('close', () => listener.onWatching(false))
    client.on('ready', () => void this.#subscribe().catch(() => {}))
  }

  expectEcho(sentAt: number): void {
    this.#watchdog.expectEcho(sentAt)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await closeClient(this.#client, this.#time)
  }

  async #subscribe(): Promise<void> {
    const client = this.#client
    const id = (await client.client('ID')) as number
    try {
      const wanted = this.#prefixes.flatMap((prefix) => ['PREFIX', prefix])
      await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...wanted)
      await client.subscribe(INVALIDATE, this.#ownChannel)
      this.#watchdog.subscribed()
      if (!this.#isStopped) this.#listener.onWatching(true)
    } catch {
      // An old server, a proxy, or a user without the right: notifications, when they are on, say the same.
      await client.psubscribe(...this.#prefixes.map((prefix) => `${this.#keyspace}${escapeGlob(prefix)}*`))
      await client.subscribe(this.#ownChannel)
      this.#watchdog.subscribed()
    }
  }

  /** @param keys what was written; null when a database was flushed */
  #onInvalidation(keys: Buffer | Buffer[] | null): void {
    if (keys === null) this.#listener.onFlush()
    else for (const key of Array.isArray(keys) ? keys : [keys]) this.#onKey(key.toString())
  }

  #onKey(key: string): void {
    // A prefix has no brace in it, so the first one ends the tag.
    const shard = this.#shardByTag.get(key.slice(0, key.indexOf('}') + 1))
    if (shard === undefined) return
    const prefix = this.#prefixes[shard]!
    if (key.startsWith(prefix)) this.#listener.onDefinition(shard, key.slice(prefix.length))
  }
}

/** A glob that matches exactly this text. */
function escapeGlob(text: string): string {
  return text.replace(/[[\]*?\\^]/g, '\\$&')
}
