import type { Redis } from 'ioredis'
import type { Backlog, FleetLayout, ServerFacts } from '../../control/store.js'
import { readRewind } from './dataset-watch.js'
import { closeClient, duplicateConnection, duplicateNode } from '../connection/client.js'
import type { Keys } from '../keys.js'
import { probeServer } from './probe-server.js'
import type { ShardReach } from './shard-reach.js'
import { LAYOUT, readLayout } from '../layout.js'
import type { RedisClient } from '../redis-client.js'
import { endsWithin, SYSTEM_TIME } from '../../time-source.js'

const PINGS = 20
const NAMES_SHOWN = 20
/** Longest try of key tracking, ms: the server may refuse a further connection. */
const TRACKING_TIMEOUT_MS = 3_000

/** Reads the facts about the server; a fact that this user may not read is null. Changes nothing. */
export async function readServerFacts(client: RedisClient, keys: readonly Keys[]): Promise<ServerFacts> {
  const node = await answeringNode(client)
  const info = parseInfo(await tolerate(() => node.info()))
  const [notifications, save, idleTimeout] = await Promise.all([
    readSetting(node, 'notify-keyspace-events'),
    readSetting(node, 'save'),
    readSetting(node, 'timeout'),
  ])
  return {
    version: info?.valkey_version ?? info?.redis_version ?? null,
    isReplica: info?.role === 'slave',
    isCluster: 'nodes' in client,
    latencyMs: await measureLatency(node),
    evictionPolicy: info?.maxmemory_policy ?? null,
    maxMemory: toNumber(info?.maxmemory),
    usedMemory: toNumber(info?.used_memory),
    appendOnly: info === null ? null : info.aof_enabled === '1',
    snapshots: save === null ? null : save !== '',
    // The server refuses writes after a failed snapshot, and may lose writes after a failed append.
    lastSaveFailed: info?.rdb_last_bgsave_status === 'err' || info?.aof_last_write_status === 'err',
    tracking: await tryTracking(node, keys, 'nodes' in client),
    refused: info?.role === 'slave' ? [] : await probeServer(client, keys[0]!),
    rewind: await readRewind(client, keys[0]!),
    notifications,
    idleTimeoutS: toNumber(idleTimeout ?? undefined),
  }
}

/** Reads the layout of the fleet under this prefix, for any number of shards. */
export async function readFleetLayout(client: RedisClient, prefix: string, shards: number): Promise<FleetLayout> {
  const { layout, shards: found } = await readLayout(client, prefix)
  return { known: LAYOUT, wantedShards: shards, found: layout === null ? null : { layout, shards: found ?? '1' } }
}

/** Reads the schedules that were due before the instant and are not claimed: in `due`, or parked in a task queue. */
export async function readBacklog(
  client: RedisClient,
  shards: number,
  reach: ShardReach,
  beforeMs: number,
): Promise<Backlog> {
  const names: string[] = []
  const parked = new Map<string, number>()
  const unreachable: number[] = []
  let count = 0
  for (let shard = 0; shard < shards; shard += 1) {
    const found = await reach.tryAsk(shard, (keys) => readShardBacklog(client, keys, beforeMs))
    if (found === null) unreachable.push(shard)
    else {
      count += found.count
      names.push(...found.names)
      for (const [queue, waiting] of found.parked) parked.set(queue, (parked.get(queue) ?? 0) + waiting)
    }
  }
  return {
    count,
    names: names.slice(0, NAMES_SHOWN),
    parked: [...parked].map(([queue, waiting]) => {
      const cut = queue.indexOf('\n')
      return { pool: queue.slice(0, cut), task: queue.slice(cut + 1), count: waiting }
    }),
    unreachable,
  }
}

async function readShardBacklog(client: RedisClient, keys: Keys, beforeMs: number) {
  const { due, lanes: queuesKey, lane: parkedKey } = keys
  const count = await client.zcount(due, '-inf', beforeMs)
  const names = await client.zrangebyscore(due, '-inf', beforeMs, 'LIMIT', 0, NAMES_SHOWN)
  const parked: [queue: string, waiting: number][] = []
  for (const queue of await client.smembers(queuesKey)) {
    const waiting = await client.zcount(parkedKey(queue), '-inf', beforeMs)
    if (waiting > 0) parked.push([queue, waiting])
  }
  return { count, names, parked }
}

/** The node for questions about the server: on a Cluster the first one that answers, because a node may hang. */
async function answeringNode(client: RedisClient): Promise<RedisClient> {
  if (!('nodes' in client)) return client
  const pings = client.nodes('master').map((node) => node.ping().then(() => node as unknown as RedisClient))
  return await Promise.any(pings).catch((error: AggregateError) => {
    throw error.errors[0]
  })
}

/** The answer, or null for a command that this user may not call or this server does not know. */
async function tolerate<Value>(ask: () => Promise<Value>): Promise<Value | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && /^(NOPERM|ERR|WRONGPASS)/.test(error.message)) return null
    throw error
  }
}

function parseInfo(text: string | null): Record<string, string> | null {
  if (text === null) return null
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const cut = line.indexOf(':')
    return cut > 0 ? [[line.slice(0, cut), line.slice(cut + 1)] as const] : []
  })
  return Object.fromEntries(pairs)
}

function toNumber(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}

async function readSetting(client: RedisClient, name: string): Promise<string | null> {
  const reply = (await tolerate(() => client.call('CONFIG', 'GET', name))) as string[] | null
  return reply?.[1] ?? null
}

async function measureLatency(client: RedisClient): Promise<{ medianMs: number; worstMs: number }> {
  const took: number[] = []
  for (let count = 0; count < PINGS; count++) {
    const sentAt = performance.now()
    await client.time()
    took.push(performance.now() - sentAt)
  }
  took.sort((left, right) => left - right)
  return { medianMs: took[PINGS / 2]!, worstMs: took[PINGS - 1]! }
}

/** Tries key tracking as a worker does, on a separate connection. */
async function tryTracking(
  client: RedisClient,
  keys: readonly Keys[],
  isNode: boolean,
): Promise<ServerFacts['tracking']> {
  const own = isNode
    ? duplicateNode(client as Redis)
    : (duplicateConnection({ client, owned: false, isCluster: false, time: SYSTEM_TIME }) as Redis)
  async function track(): Promise<void> {
    const id = (await own.client('ID')) as number
    const prefix = keys[0]!.schedule('')
    await own.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', 'PREFIX', prefix)
    await own.subscribe('__redis__:invalidate')
  }
  try {
    if (await endsWithin(SYSTEM_TIME, TRACKING_TIMEOUT_MS, track())) return { allowed: true }
    return { allowed: false, why: `no connection for it within ${TRACKING_TIMEOUT_MS} ms` }
  } catch (error) {
    return { allowed: false, why: error instanceof Error ? error.message : String(error) }
  } finally {
    await closeClient(own)
  }
}
