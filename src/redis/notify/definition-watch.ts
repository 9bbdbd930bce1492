import type { Cluster, Redis } from 'ioredis'
import { closeClient, duplicateConnection, duplicateNode, type Connection } from '../connection/client.js'
import { databaseOf } from '../database.js'
import type { Keys } from '../keys.js'
import { watchCluster } from './definition-watch-cluster.js'
import type { DefinitionListener } from '../../worker/listeners.js'
import type { Watch } from './definition-listener.js'
import { createSignOfLife } from './subscription-watchdog.js'
import type { TimeSource } from '../../time-source.js'

const INVALIDATE = '__redis__:invalidate'

/** A glob that matches exactly this text. */
function escapeGlob(text: string): string {
  return text.replace(/[[\]*?\\^]/g, '\\$&')
}

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
  const watchNode = (client: Redis, told: DefinitionListener) => watchServer(client, time, shards, workerId, told)
  if (!connection.isCluster) return watchNode(duplicateConnection(connection) as Redis, listener)
  return watchCluster(
    connection.client as Cluster,
    (primary, told) => watchNode(duplicateNode(primary, time), told),
    listener,
  )
}

/** Watches one server on this connection, which it closes when it stops. */
function watchServer(
  client: Redis,
  time: TimeSource,
  shards: readonly Keys[],
  workerId: string,
  listener: DefinitionListener,
): Watch {
  const prefixes = shards.map((keys) => keys.schedule(''))
  const byTag = new Map(shards.map(({ tag }, shard) => [tag, shard]))
  const keyspace = `__keyspace@${databaseOf(client)}__:`
  const ownChannel = shards[0]!.worker(workerId)
  const life = createSignOfLife(client, ownChannel, time)
  let stopped = false

  function onKey(key: string): void {
    // A prefix has no brace in it, so the first one ends the tag.
    const shard = byTag.get(key.slice(0, key.indexOf('}') + 1))
    if (shard !== undefined && key.startsWith(prefixes[shard]!)) {
      listener.onDefinition(shard, key.slice(prefixes[shard]!.length))
    }
  }

  client.on('messageBuffer', (channel: Buffer, keys: Buffer | Buffer[] | null) => {
    if (channel.toString() !== INVALIDATE) return
    if (keys === null) listener.onFlush()
    else for (const key of Array.isArray(keys) ? keys : [keys]) onKey(key.toString())
  })
  client.on('pmessage', (_pattern: string, channel: string) => onKey(channel.slice(keyspace.length)))
  client.on('close', () => listener.onWatching(false))

  async function begin(): Promise<void> {
    const id = (await client.client('ID')) as number
    try {
      const wanted = prefixes.flatMap((prefix) => ['PREFIX', prefix])
      await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...wanted)
      await client.subscribe(INVALIDATE, ownChannel)
      life.stands()
      if (!stopped) listener.onWatching(true)
    } catch {
      // An old server, a proxy, or a user without the right: notifications, when they are on, say the same.
      await client.psubscribe(...prefixes.map((prefix) => `${keyspace}${escapeGlob(prefix)}*`))
      await client.subscribe(ownChannel)
      life.stands()
    }
  }

  client.on('ready', () => void begin().catch(() => {}))
  return {
    expectSign: (sentAt) => life.expect(sentAt),
    async stop() {
      stopped = true
      await closeClient(client, time)
    },
  }
}
