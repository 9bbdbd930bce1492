import type {
  Backlog,
  DefinitionWrite,
  FleetLayout,
  PauseWrite,
  PutReply,
  ScheduleStore,
  ServerFacts,
  ShardFigures,
  Situation,
} from '../../control/store.js'
import type { TimeSource } from '../../time-source.js'
import { BRIEF_CHANGES, joinChanges, type Editor, type StoredChanges } from '../../schedule/stored-change.js'
import type { PlanChange, StoredSchedule } from '../../schedule/stored-schedule.js'
import type { RedisClock } from '../../worker/store.js'
import { createDefinitionWriter } from './definition-writer.js'
import { toHistoryFields } from './history-fields.js'
import { createKeys, shardOf, type Keys } from '../keys.js'
import { pageByLast, pageByNext, wrongCursor, type PageSource } from './ordered-pages.js'
import { readMinutes } from './minute-reader.js'
import { nameOfRun, readRuns } from './run-reader.js'
import { ScheduleReader } from './schedule-reader.js'
import { ShardReach } from './shard-reach.js'
import { readBacklog, readFleetLayout, readServerFacts } from './server-facts.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'
import { storePlan } from './store-plan.js'

/** Age up to which the history is shown, ms; maintenance removes older entries now and then. */
const HISTORY_AGE_MS = 30 * 86_400_000
/** Most workers that one call reads. */
const READ_COUNT = 200

/** The parts of the store of one connection. */
export interface ScheduleStoreParts {
  readonly client: RedisClient
  readonly prefix: string
  /** The number of shards under the prefix. */
  readonly shards: number
  /** The clock of the first shard, which readings set. */
  readonly clock: RedisClock
  readonly time: TimeSource
}

/** The schedules of a fleet on one connection, on every shard. */
export class RedisScheduleStore implements ScheduleStore {
  readonly #parts: ScheduleStoreParts
  readonly #client: RedisClient
  /** The keys of every shard, by index. */
  readonly #allKeys: readonly Keys[]
  readonly #reader: ScheduleReader
  readonly #reach: ShardReach
  readonly #write: ReturnType<typeof createDefinitionWriter>

  constructor(parts: ScheduleStoreParts) {
    const { client, prefix, shards, clock, time } = parts
    this.#parts = parts
    this.#client = client
    this.#allKeys = Array.from({ length: shards }, (_, shard) => createKeys(prefix, shard, shards))
    this.#reader = new ScheduleReader({ client, allKeys: this.#allKeys, clock, time })
    this.#reach = new ShardReach(client, this.#allKeys, time)
    this.#write = createDefinitionWriter({
      client,
      expected: { prefix, shards },
      keysOf: (name) => this.#keysOf(name),
      generation: time.randomId(),
    })
  }

  async put(definition: DefinitionWrite): Promise<PutReply> {
    return (await this.#write([definition]))[0]!
  }

  putMany(definitions: readonly DefinitionWrite[]): Promise<PutReply[]> {
    return this.#write(definitions)
  }

  read(name: string): Promise<{ nowMs: number; schedule: StoredSchedule | null }> {
    return this.#reader.one(this.#keysOf(name), name)
  }

  async readEach(names: readonly string[]): Promise<Map<string, StoredSchedule>> {
    const byShard = new Map<Keys, string[]>()
    for (const name of names) {
      const keys = this.#keysOf(name)
      const group = byShard.get(keys)
      if (group) group.push(name)
      else byShard.set(keys, [name])
    }
    const groups = await Promise.all([...byShard].map(([keys, group]) => this.#reader.names(keys, group)))
    const found = new Map<string, StoredSchedule>()
    for (const schedule of groups.flat()) found.set(schedule.name, schedule)
    return found
  }

  async page(cursor: string | null, count: number): ReturnType<ScheduleStore['page']> {
    const { shards } = this.#parts
    const match = /^(\d+):(.*)$/s.exec(cursor ?? '0:')
    if (cursor !== null && !(Number(match?.[1]) < shards)) throw wrongCursor(cursor)
    let shard = Number(match![1])
    let after = match![2]!
    const found: StoredSchedule[] = []
    const unreachable: number[] = []
    let nowMs = 0
    while (found.length < count && shard < shards) {
      const reply = await this.#reach.tryAsk(shard, (keys) => this.#reader.page(keys, after, count - found.length))
      if (reply === null) unreachable.push(shard)
      else {
        nowMs = reply.nowMs
        found.push(...reply.schedules.filter(({ digest }) => digest !== ''))
      }
      after = reply?.nextName ?? ''
      if (after === '') shard += 1
    }
    return { nowMs, schedules: found, cursor: shard < shards ? `${shard}:${after}` : null, unreachable }
  }

  pageBy(order: 'next' | 'last', cursor: string | null, count: number): ReturnType<ScheduleStore['page']> {
    const source: PageSource = {
      client: this.#client,
      keys: this.#allKeys,
      reach: this.#reach,
      read: (keys, names) => this.#reader.names(keys, names),
      page: (from, most) => this.page(from, most),
      now: () => this.#nowOfAny(),
    }
    return order === 'next' ? pageByNext(source, cursor, count) : pageByLast(source, cursor, count)
  }

  async count(): Promise<number> {
    const counts = await this.#reach.askAll(({ names }) => this.#client.zcard(names))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  figures(aliveMs: number): Promise<ShardFigures[]> {
    return this.#reach.askAll(({ tag, due, names, pending, workers }) =>
      runScript(this.#client, 'read-figures', {
        keys: { due, names, pending, workers },
        args: { tag, alive_ms: aliveMs },
      }),
    )
  }

  async remove(name: string, owner = ''): Promise<'removed' | 'missing' | 'kept'> {
    const { tag, channel, due } = this.#placeOf(name)
    const args = { tag, channel, name, if_finished: 0, if_owner: owner }
    return await runScript(this.#client, 'remove-schedule', { keys: { due }, args })
  }

  async pause(name: string, { note, untilMs, editor, ifActive }: PauseWrite): ReturnType<ScheduleStore['pause']> {
    const { tag, channel, due } = this.#placeOf(name)
    const args = { tag, channel, name, note, pause_end: untilMs ?? '', ...editor, if_active: ifActive ? 1 : 0 }
    const [outcome, revision] = await runScript(this.#client, 'pause-schedule', { keys: { due }, args })
    return { outcome, revision }
  }

  storePlan(change: PlanChange, editor?: Editor): Promise<'stored' | 'moved'> {
    return storePlan(this.#client, this.#keysOf(change.schedule.name), change, editor)
  }

  async changes(name: string): Promise<StoredChanges> {
    const keys = this.#keysOf(name)
    // In this order an edit between the two reads loses nothing, because it moves the creation from the state to the list.
    const [brief, list] = await Promise.all([
      this.#client.hmget(keys.state(name), ...BRIEF_CHANGES),
      this.#client.lrange(keys.changes(name), 0, -1),
    ])
    return joinChanges(list, brief)
  }

  async enqueue(name: string, payloadText: string | null, traceparent = ''): Promise<string | null> {
    const { tag, channel, pending } = this.#placeOf(name)
    const args = { tag, channel, name, payload: payloadText ?? '', trace: traceparent }
    const [outcome, runId] = await runScript(this.#client, 'enqueue-run', { keys: { pending }, args })
    return outcome === 'enqueued' ? runId : null
  }

  async backfill(
    name: string,
    nominals: readonly number[],
    { atOnce, gapMs, most }: { atOnce: number; gapMs: number; most: number },
    traceparent = '',
  ): ReturnType<ScheduleStore['backfill']> {
    const { tag, channel, pending } = this.#placeOf(name)
    const args = { tag, channel, name, at_once: atOnce, gap: gapMs, most, trace: traceparent }
    const call = { keys: { pending }, args, rest: nominals }
    const reply = await runScript(this.#client, 'backfill-schedule', call)
    if (reply[0] === 'enqueued') return { kind: 'enqueued', runIds: reply.slice(1) }
    return reply[0] === 'full' ? { kind: 'full', waiting: reply[1] } : { kind: 'missing' }
  }

  async situation(name: string, task: string): Promise<Situation> {
    const client = this.#client
    const keys = this.#keysOf(name)
    const [token, leftMs, due, backfills, queues] = await Promise.all([
      client.get(keys.lease(name)),
      client.pttl(keys.lease(name)),
      client.zscore(keys.due, name),
      client.llen(keys.backfill(name)),
      client.smembers(keys.lanes),
    ])
    const busy = await client.zcard(keys.busy(task))
    const scores = await Promise.all(queues.map((queue) => client.zscore(keys.lane(queue), `s${name}`)))
    return {
      lease: token === null ? null : { worker: token.slice(0, token.lastIndexOf(':')), leftMs },
      dueMs: due === null ? null : Number(due),
      isAside: scores.some((score) => score !== null),
      backfillsWaiting: backfills,
      busyCount: busy,
    }
  }

  async cancel(runId: string): Promise<'cancelled' | 'cancelling' | 'missing'> {
    const name = nameOfRun(runId)
    if (name === null) return 'missing'
    const { tag, channel, pending } = this.#placeOf(name)
    return await runScript(this.#client, 'cancel-run', { keys: { pending }, args: { tag, channel, run_id: runId } })
  }

  async history(name: string, limit: number): Promise<Record<string, string>[]> {
    const known = this.#parts.clock.now()
    const nowMs = Number.isNaN(known) ? await this.#reader.now(this.#keysOf(name)) : known
    const oldest = Math.max(0, Math.floor(nowMs - HISTORY_AGE_MS))
    const entries = await this.#client.xrevrange(this.#keysOf(name).history(name), '+', oldest, 'COUNT', limit)
    return entries.map(([, fields]) => toHistoryFields(name, fields))
  }

  minutes(first: number, last: number): ReturnType<ScheduleStore['minutes']> {
    return readMinutes(this.#client, { shards: this.#parts.shards, reach: this.#reach }, first, last)
  }

  runs(query: { state?: 'running' | 'waiting' | undefined; limit: number }): ReturnType<ScheduleStore['runs']> {
    return readRuns({ client: this.#client, keys: this.#allKeys, reach: this.#reach }, query)
  }

  async workers(): ReturnType<ScheduleStore['workers']> {
    const keys = this.#allKeys[0]!
    const nowMs = await this.now()
    const found: Awaited<ReturnType<ScheduleStore['workers']>> = []
    for (let start = 0; ; start += READ_COUNT) {
      const members = await this.#client.zrange(keys.workers, start, start + READ_COUNT - 1, 'WITHSCORES')
      const ids = members.filter((_, index) => index % 2 === 0)
      const hashes = await Promise.all(ids.map((id) => this.#client.hgetall(keys.worker(id))))
      for (const [index, id] of ids.entries()) {
        found.push({ id, fields: hashes[index]!, beatMs: Number(members[2 * index + 1]), nowMs })
      }
      if (ids.length < READ_COUNT) return found
    }
  }

  async declaredVersion(owner: string): Promise<string> {
    return (await this.#client.hget(this.#allKeys[0]!.meta, `version:${owner}`)) ?? ''
  }

  async declareVersion(owner: string, version: string, previous: string): Promise<boolean> {
    const args = { owner, version, previous }
    return (
      (await runScript(this.#client, 'declare-version', { keys: { meta: this.#allKeys[0]!.meta }, args })) === 'stored'
    )
  }

  serverFacts(): Promise<ServerFacts> {
    return readServerFacts(this.#client, this.#allKeys)
  }

  layout(): Promise<FleetLayout> {
    return readFleetLayout(this.#client, this.#parts.prefix, this.#parts.shards)
  }

  backlog(beforeMs: number): Promise<Backlog> {
    return readBacklog(this.#client, this.#parts.shards, this.#reach, beforeMs)
  }

  now(): Promise<number> {
    return this.#reader.now()
  }

  /** The time of the first shard that answers, epoch ms. */
  async #nowOfAny(): Promise<number> {
    for (const shard of this.#allKeys.keys()) {
      const nowMs = await this.#reach.tryAsk(shard, (keys) => this.#reader.now(keys))
      if (nowMs !== null) return nowMs
    }
    return await this.now()
  }

  #keysOf(name: string): Keys {
    return this.#allKeys[shardOf(name, this.#parts.shards)]!
  }

  /** The tag, the channel and the indexes of the shard of a schedule, for the scripts. */
  #placeOf(name: string): { tag: string; channel: string; due: string; pending: string } {
    const { tag, wake, due, pending } = this.#keysOf(name)
    return { tag, channel: wake, due, pending }
  }
}
