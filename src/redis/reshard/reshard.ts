import { setTimeout as delay } from 'node:timers/promises'
import { EverybeatError } from '../../errors.js'
import { carrySchedules } from './move-schedules.js'
import { createKeys, shardOf, type Keys } from '../keys.js'
import { assertLayout, LAYOUT } from '../layout.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** Options of a change of the number of shards. */
export interface ReshardOptions {
  /**
   * Called after each page of schedules: `done` of `total` were inspected, and `moved` of these were moved to another
   * shard.
   */
  onProgress?: ((progress: { done: number; total: number; moved: number }) => void) | undefined
}

/** The result of a change of the number of shards. */
export interface ReshardResult {
  /** `unchanged`: the fleet has this number already. */
  outcome: 'done' | 'unchanged'
  /** The number of shards before. */
  from: number
  /** The number of shards now. */
  to: number
  /** Number of schedules that this call moved to another shard. */
  moved: number
  /** Whether this call continued an interrupted one. */
  resumed: boolean
}

/** Time without a heartbeat after which a worker is dead, ms. */
const DEAD_MS = 15_000
const POLL_MS = 250
const PAGE_COUNT = 500
const SCAN_COUNT = 2_000

/**
 * Moves a fleet's schedules, with all that belongs to them, to another number of shards. All workers must be stopped;
 * during the move no worker starts and no schedule is written. An interrupted call continues when it is repeated.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_STATE` while workers are live; `ERR_EVERYBEAT_LAYOUT` during a change to
 *   another number, or when the keys have another layout
 */
export async function reshardFleet(
  client: RedisClient,
  prefix: string,
  to: number,
  { onProgress }: ReshardOptions = {},
): Promise<ReshardResult> {
  if (!Number.isInteger(to) || to < 1 || to > 1024) {
    const message = `shards: ${String(to)} cannot be used; allowed: a whole number from 1 to 1024`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'shards', value: to })
  }
  const { from, resumed } = await readState(client, prefix, to)
  if (from === to) return { outcome: 'unchanged', from, to, moved: 0, resumed }
  const before = keysOfAll(prefix, from)
  const after = keysOfAll(prefix, to)
  const metas = [...new Set([...before, ...after].map(({ meta }) => meta))]
  const root = createKeys(prefix, 0, 1).meta

  await refuseLiveWorkers(client, before[0]!)
  await client.hset(root, 'resharding', `${from} ${to}`)
  for (const meta of metas) await client.hset(meta, 'resharding', `${from} ${to}`)
  // A worker that started while the mark was set sent its first heartbeat before the mark.
  await refuseLiveWorkers(client, before[0]!).catch(async (error: unknown) => {
    if (!resumed) for (const meta of [...metas, root]) await client.hdel(meta, 'resharding')
    throw error
  })
  const moved = await moveAll(client, before, after, onProgress)
  await carryVersions(client, before[0]!, after[0]!)
  await carryHistoryLimit(client, before[0]!, after)
  await clearAway(client, before, after)
  // The keys of the old shards get the number too, for instances that still use the old number.
  for (const meta of metas) await settle(client, meta, to)
  await settle(client, root, to)
  return { outcome: 'done', from, to, moved, resumed }
}

function keysOfAll(prefix: string, shards: number): Keys[] {
  return Array.from({ length: shards }, (_, shard) => createKeys(prefix, shard, shards))
}

/** The number of shards, or for an interrupted change the number before it. */
async function readState(client: RedisClient, prefix: string, to: number): Promise<{ from: number; resumed: boolean }> {
  const read = (meta: string) => client.hmget(meta, 'layout', 'shards', 'resharding')
  const root = await read(createKeys(prefix, 0, 1).meta)
  // With several shards the first of them holds the number too, because the node with the common key may have lost its
  // data.
  const [layout, shards, resharding] = root[1] || root[2] ? root : await read(createKeys(prefix, 0, 2).meta)
  if (layout) assertLayout({ prefix, shards: 0 }, { layout, shards: null })
  if (!resharding) return { from: Number(shards ?? 1), resumed: false }
  const [from, target] = resharding.split(' ').map(Number) as [number, number]
  if (target !== to) assertLayout({ prefix, shards: to }, { layout: LAYOUT, shards: `resharding ${resharding}` })
  return { from, resumed: true }
}

/** Waits until silent workers are certainly dead; throws at once for a worker that sends heartbeats. */
async function refuseLiveWorkers(client: RedisClient, { workers, names, tag }: Keys): Promise<void> {
  const [nowMicros] = await runScript(client, 'read-schedules', { keys: { names }, args: { tag, after: '', count: 0 } })
  const nowMs = Math.floor(nowMicros / 1000)
  const first = toBeats(await client.zrange(workers, 0, -1, 'WITHSCORES'))
  const startedAt = performance.now()
  for (;;) {
    const elapsed = performance.now() - startedAt
    const beats = toBeats(await client.zrange(workers, 0, -1, 'WITHSCORES'))
    const live = [...beats].filter(([id, at]) => at > (first.get(id) ?? Number.NEGATIVE_INFINITY))
    if (live.length > 0) {
      const message = `${live.length} worker${live.length === 1 ? ' is' : 's are'} live (${live[0]![0]}): stop the fleet before its shards are changed`
      throw new EverybeatError('ERR_EVERYBEAT_STATE', message, { field: 'workers', value: live.map(([id]) => id) })
    }
    if ([...beats.values()].every((at) => nowMs + elapsed - at >= DEAD_MS)) return
    await delay(POLL_MS)
  }
}

function toBeats(members: readonly string[]): Map<string, number> {
  const beats = new Map<string, number>()
  for (let index = 0; index < members.length; index += 2) beats.set(members[index]!, Number(members[index + 1]))
  return beats
}

async function moveAll(
  client: RedisClient,
  before: readonly Keys[],
  after: readonly Keys[],
  onProgress: ReshardOptions['onProgress'],
): Promise<number> {
  const keysOf = (name: string) => after[shardOf(name, after.length)]!
  const counts = await Promise.all(before.map(({ names }) => client.zcard(names)))
  const total = counts.reduce((sum, count) => sum + count, 0)
  let done = 0
  let moved = 0
  for (const source of before) {
    for await (const names of pagesOf(client, source)) {
      const moving = names.filter((name) => keysOf(name).tag !== source.tag)
      await carrySchedules(client, source, moving, keysOf)
      done += names.length
      moved += moving.length
      onProgress?.({ done, total: Math.max(total, done), moved })
    }
  }
  return moved
}

/** The names of a shard in pages; then the schedules that plain commands wrote and no worker has noticed. */
async function* pagesOf(client: RedisClient, { names, due, tag, wake }: Keys): AsyncGenerator<string[]> {
  for (let after = ''; ;) {
    const from = after === '' ? '-' : `(${after}`
    const page = await client.zrangebylex(names, from, '+', 'LIMIT', 0, PAGE_COUNT)
    if (page.length > 0) yield page
    if (page.length < PAGE_COUNT) break
    after = page.at(-1)!
  }
  for (let cursor = '0'; ;) {
    const args = { tag, channel: wake, shared: 0, after: '', count: 0, cursor, scan_count: SCAN_COUNT }
    const [, next, unknown] = await runScript(client, 'inspect-definitions', { keys: { names, due }, args })
    if (unknown.length > 0) yield unknown
    if (next === '0') return
    cursor = next
  }
}

/** The first shard holds the version of each owner's declarations. */
async function carryVersions(client: RedisClient, source: Keys, target: Keys): Promise<void> {
  if (source.tag === target.tag) return
  for (const [field, value] of Object.entries(await client.hgetall(source.meta))) {
    if (!field.startsWith('version:')) continue
    await client.hset(target.meta, field, value)
    await client.hdel(source.meta, field)
  }
}

async function carryHistoryLimit(client: RedisClient, source: Keys, targets: readonly Keys[]): Promise<void> {
  const limit = await client.hget(source.meta, 'history')
  if (limit !== null) for (const { meta } of targets) await client.hset(meta, 'history', limit)
}

/** Removes the keys of shards that do not exist any more. */
async function clearAway(client: RedisClient, before: readonly Keys[], after: readonly Keys[]): Promise<void> {
  const tags = new Set(after.map(({ tag }) => tag))
  for (const keys of before) {
    const dropped = [keys.workers, keys.ranks, keys.upkeep]
    if (!tags.has(keys.tag)) dropped.push(keys.due, keys.pending, keys.running, keys.names, keys.lanes)
    for (const key of dropped) await client.del(key)
  }
}

async function settle(client: RedisClient, meta: string, shards: number): Promise<void> {
  await client.hset(meta, 'layout', LAYOUT, 'shards', shards)
  await client.hdel(meta, 'resharding')
}
