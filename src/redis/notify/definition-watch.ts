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
 * Watches definitions by key tracking of Redis (`CLIENT TRACKING … BCAST`, Redis 6 and later), which needs no setting
 * of the server. If the server refuses it, the watch uses keyspace notifications, which the server may have on. Both
 * cover one node only, so on a Cluster every primary is watched.
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

/** The prefixes to watch on each server, and the worker. */
interface Watched {
  readonly shards: readonly Keys[]
  readonly workerId: string
  readonly time: TimeSource
}

/** Watches one server on its own connection, which it closes when it stops. */
class ServerWatch implements Watch {
  readonly #client: Redis
  readonly #time: TimeSource
  readonly #listener: DefinitionListener
  /** The prefixes of the keys of definitions, by shard. */
  readonly #prefixes: readonly string[]
  /** Shards by their hash tag, braces included. */
  readonly #shardByTag: ReadonlyMap<string, number>
  /** The prefix of the channels of keyspace notifications. */
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
      // An old server, a proxy, or a user without the right refuses key tracking; keyspace notifications, if they are
      // on, report the same.
      await client.psubscribe(...this.#prefixes.map((prefix) => `${this.#keyspace}${escapeGlob(prefix)}*`))
      await client.subscribe(this.#ownChannel)
      this.#watchdog.subscribed()
    }
  }

  /** @param keys the written keys; null when a database was flushed */
  #onInvalidation(keys: Buffer | Buffer[] | null): void {
    if (keys === null) this.#listener.onFlush()
    else for (const key of Array.isArray(keys) ? keys : [keys]) this.#onKey(key.toString())
  }

  #onKey(key: string): void {
    // A prefix holds no brace, so the first brace ends the tag.
    const shard = this.#shardByTag.get(key.slice(0, key.indexOf('}') + 1))
    if (shard === undefined) return
    const prefix = this.#prefixes[shard]!
    if (key.startsWith(prefix)) this.#listener.onDefinition(shard, key.slice(prefix.length))
  }
}

/** A glob that matches this text only. */
function escapeGlob(text: string): string {
  return text.replace(/[[\]*?\\^]/g, '\\$&')
}
