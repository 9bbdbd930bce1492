import type { ScheduleStore, StoredRun } from '../../control/store.js'
import type { TimeSource } from '../../time-source.js'
import { BRIEF_CHANGES, parseBriefChanges, parseChanges } from '../../schedule/stored-change.js'
import { readRunText } from '../../schedule/stored-run.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { RedisClock } from '../../worker/store.js'
import { createDefinitionWriter } from './definition-writer.js'
import { toHistoryFields } from './history-fields.js'
import { createKeys, shardOf, type Keys } from '../keys.js'
import { pageByLast, pageByNext, type PageSource } from './ordered-pages.js'
import { readMinutes } from './minute-reader.js'
import { toSchedules } from './replies.js'
import { ShardReach } from './shard-reach.js'
import { readBacklog, readFleetLayout, readServerFacts } from './server-facts.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'
import { storePlan } from './store-plan.js'

/** The ledger reaches back so far, ms; the upkeep removes what is older when it comes by. */
const HISTORY_AGE_MS = 30 * 86_400_000
/** Most schedules, runs or workers that one call reads. */
const READ_COUNT = 200

function nameOfRun(runId: string): string | null {
  return /^(.*)@-?\d+(#\d+)?$/s.exec(runId)?.[1] ?? null
}

/** Creates the store of one connection; `shards` hash tags under one prefix. */
export function createScheduleStore(
  client: RedisClient,
  prefix: string,
  shards: number,
  clock: RedisClock,
  time: TimeSource,
): ScheduleStore {
  const allKeys = Array.from({ length: shards }, (_, shard) => createKeys(prefix, shard, shards))
  const keysOf = (name: string): Keys => allKeys[shardOf(name, shards)]!
  const reach = new ShardReach(client, allKeys, time)
  const place = (keys: Keys) => ({ tag: keys.tag, channel: keys.wake })

  const write = createDefinitionWriter({
    client,
    expected: { prefix, shards },
    keysOf,
    generation: time.randomId(),
  })

  async function readSome(keys: Keys, after: string, count: number, names: readonly string[]) {
    const sentAt = time.monotonic()
    const raw = await runScript(client, 'read-schedules', { names: keys.names }, { tag: keys.tag, after, count }, names)
    const reply = toSchedules(raw)
    // Shards may be on servers whose clocks differ: the instance goes by the first.
    if (keys === allKeys[0]) clock.sample(sentAt, time.monotonic(), reply.clockMs)
    return reply
  }

  /** Reads the given names of one shard in calls of bounded size, pipelined. */
  async function readNames(keys: Keys, names: readonly string[]): Promise<StoredSchedule[]> {
    const calls = []
    for (let start = 0; start < names.length; start += READ_COUNT) {
      calls.push(readSome(keys, '', 0, names.slice(start, start + READ_COUNT)))
    }
    return (await Promise.all(calls)).flatMap(({ schedules }) => schedules)
  }

  /** Reads the runs of one set page by page, at most `limit`. */
  async function readRuns(keys: Keys, set: string, kind: '' | 'r', limit: number): Promise<StoredRun[]> {
    const found = new Map<string, StoredRun>()
    for (let offset = 0; found.size < limit; offset += READ_COUNT) {
      const args = { tag: keys.tag, offset, count: READ_COUNT, kind }
      const [inspectedCount, ...rest] = await runScript(client, 'read-runs', { runs: set }, args)
      for (let index = 0; index < rest.length && found.size < limit; index += 3) {
        const [runId, due, text] = rest.slice(index, index + 3) as [string, string, string]
        const schedule = nameOfRun(runId)!
        const run = readRunText(text)
        // The state may have been written by anybody.
        if (run) found.set(runId, { runId, schedule, run, dueMs: Number(due), running: set === keys.running })
      }
      if (inspectedCount < READ_COUNT) break
    }
    return [...found.values()]
  }

  return {
    put: async (definition) => (await write([definition]))[0]!,
    putMany: write,

    async read(name) {
      const { nowMs, schedules } = await readSome(keysOf(name), '', 0, [name])
      const schedule = schedules[0]!
      return { nowMs, schedule: schedule.digest === '' ? null : schedule }
    },

    async readEach(names) {
      const byShard = new Map<Keys, string[]>()
      for (const name of names) {
        const keys = keysOf(name)
        const group = byShard.get(keys)
        if (group) group.push(name)
        else byShard.set(keys, [name])
      }
      const groups = await Promise.all([...byShard].map(([keys, group]) => readNames(keys, group)))
      const found = new Map<string, StoredSchedule>()
      for (const schedule of groups.flat()) found.set(schedule.name, schedule)
      return found
    },

    async page(cursor, count) {
      const match = /^(\d+):(.*)$/s.exec(cursor ?? '0:')
      let shard = Number(match?.[1] ?? 0)
      let after = match?.[2] ?? ''
      const found: StoredSchedule[] = []
      const unreachable: number[] = []
      let nowMs = 0
      while (found.length < count && shard < shards) {
        const reply = await reach.tryAsk(shard, (keys) => readSome(keys, after, count - found.length, []))
        if (reply === null) unreachable.push(shard)
        else {
          nowMs = reply.nowMs
          found.push(...reply.schedules.filter(({ digest }) => digest !== ''))
        }
        after = reply?.nextName ?? ''
        if (after === '') shard += 1
      }
      return { nowMs, schedules: found, cursor: shard < shards ? `${shard}:${after}` : null, unreachable }
    },

    pageBy(order, cursor, count) {
      const source: PageSource = { client, keys: allKeys, reach, read: readNames, page: this.page, now: this.now }
      return order === 'next' ? pageByNext(source, cursor, count) : pageByLast(source, cursor, count)
    },

    async count() {
      const counts = await Promise.all(allKeys.map(({ names }) => client.zcard(names)))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    figures: (aliveMs) =>
      Promise.all(
        allKeys.map((keys) => {
          const { tag, due, names, pending, workers } = keys
          return runScript(client, 'read-figures', { due, names, pending, workers }, { tag, alive_ms: aliveMs })
        }),
      ),

    async remove(name, owner = '') {
      const keys = keysOf(name)
      const args = { ...place(keys), name, if_finished: 0, if_owner: owner }
      return await runScript(client, 'remove-schedule', { due: keys.due }, args)
    },

    async pause(name, { note, untilMs, editor, ifActive }) {
      const keys = keysOf(name)
      const args = { ...place(keys), name, note, pause_end: untilMs ?? '', ...editor, if_active: ifActive ? 1 : 0 }
      const [outcome, revision] = await runScript(client, 'pause-schedule', { due: keys.due }, args)
      return { outcome, revision }
    },

    storePlan: (change, editor) => storePlan(client, keysOf(change.schedule.name), change, editor),

    async changes(name) {
      const list = await client.lrange(keysOf(name).changes(name), 0, -1)
      if (list.length > 0) return parseChanges(list)
      return parseBriefChanges(await client.hmget(keysOf(name).state(name), ...BRIEF_CHANGES))
    },

    async enqueue(name, payloadText, traceparent = '') {
      const keys = keysOf(name)
      const args = { ...place(keys), name, payload: payloadText ?? '', trace: traceparent }
      const [outcome, runId] = await runScript(client, 'enqueue-run', { pending: keys.pending }, args)
      return outcome === 'enqueued' ? runId : null
    },

    async backfill(name, nominals, { atOnce, gapMs, most }) {
      const keys = keysOf(name)
      const args = { ...place(keys), name, at_once: atOnce, gap: gapMs, most }
      const [kind, ...rest] = await runScript(client, 'backfill-schedule', { pending: keys.pending }, args, nominals)
      if (kind === 'enqueued') return { kind, runIds: rest as string[] }
      return kind === 'missing' ? { kind } : { kind, waiting: rest[0] as number }
    },

    async situation(name, task) {
      const keys = keysOf(name)
      const [token, leftMs, due, backfills, lanes] = await Promise.all([
        client.get(keys.lease(name)),
        client.pttl(keys.lease(name)),
        client.zscore(keys.due, name),
        client.llen(keys.backfill(name)),
        client.smembers(keys.lanes),
      ])
      const busy = await client.zcard(keys.busy(task))
      const scores = await Promise.all(lanes.map((lane) => client.zscore(keys.lane(lane), `s${name}`)))
      return {
        lease: token === null ? null : { worker: token.slice(0, token.lastIndexOf(':')), leftMs },
        dueMs: due === null ? null : Number(due),
        isAside: scores.some((score) => score !== null),
        backfillsWaiting: backfills,
        busyCount: busy,
      }
    },

    async cancel(runId) {
      const name = nameOfRun(runId)
      if (name === null) return 'missing'
      const keys = keysOf(name)
      return await runScript(client, 'cancel-run', { pending: keys.pending }, { ...place(keys), run_id: runId })
    },

    async history(name, limit) {
      const known = clock.now()
      const nowMs = Number.isNaN(known) ? await this.now() : known
      const oldest = Math.max(0, Math.floor(nowMs - HISTORY_AGE_MS))
      const entries = await client.xrevrange(keysOf(name).history(name), '+', oldest, 'COUNT', limit)
      return entries.map(([, fields]) => toHistoryFields(name, fields))
    },

    minutes: (first, last) => readMinutes(client, allKeys, first, last),

    async runs({ state, limit }) {
      const found: StoredRun[] = []
      for (const keys of allKeys) {
        const lanes = state === 'running' ? [] : await client.smembers(keys.lanes)
        const sets: [string, '' | 'r'][] = []
        if (state !== 'waiting') sets.push([keys.running, ''])
        if (state !== 'running')
          sets.push([keys.pending, ''], ...lanes.map((lane): [string, 'r'] => [keys.lane(lane), 'r']))
        for (const [set, kind] of sets) found.push(...(await readRuns(keys, set, kind, limit - found.length)))
      }
      return found
    },

    async workers() {
      const keys = allKeys[0]!
      const nowMs = await this.now()
      const found: { id: string; fields: Record<string, string>; beatMs: number; nowMs: number }[] = []
      for (let start = 0; ; start += READ_COUNT) {
        const members = await client.zrange(keys.workers, start, start + READ_COUNT - 1, 'WITHSCORES')
        const ids = members.filter((_, index) => index % 2 === 0)
        const hashes = await Promise.all(ids.map((id) => client.hgetall(keys.worker(id))))
        for (const [index, id] of ids.entries()) {
          found.push({ id, fields: hashes[index]!, beatMs: Number(members[2 * index + 1]), nowMs })
        }
        if (ids.length < READ_COUNT) return found
      }
    },

    declaredVersion: async (owner) => (await client.hget(allKeys[0]!.meta, `version:${owner}`)) ?? '',

    async declareVersion(owner, version, previous) {
      const args = { owner, version, previous }
      return (await runScript(client, 'declare-version', { meta: allKeys[0]!.meta }, args)) === 'stored'
    },

    serverFacts: () => readServerFacts(client, allKeys),
    layout: () => readFleetLayout(client, prefix, shards),
    backlog: (beforeMs) => readBacklog(client, shards, reach, beforeMs),

    // By a script, for on a Cluster a plain TIME goes to any node.
    now: async () => (await readSome(allKeys[0]!, '', 0, [])).nowMs,
  }
}
