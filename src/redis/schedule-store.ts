import type { DefinitionWrite, PutReply, ScheduleStore, StoredRun } from '../control/port.js'
import type { StoredSchedule } from '../worker/port.js'
import type { RedisClock } from '../worker/port.js'
import { createKeys, shardOf, type Keys } from './keys.js'
import { toRecord, toSchedules } from './replies.js'
import { runScript, type RedisClient } from './script-runner.js'
import { storePlan } from './worker-store.js'

/** The ledger reaches back so far, ms; the upkeep removes what is older when it comes by. */
const HISTORY_AGE_MS = 30 * 86_400_000

function nameOfRun(runId: string): string | null {
  return /^(.*)@-?\d+(#\d+)?$/s.exec(runId)?.[1] ?? null
}

/** Creates the store of one connection; `shards` hash tags under one prefix. */
export function createScheduleStore(
  client: RedisClient,
  prefix: string,
  shards: number,
  clock: RedisClock,
  monotonic: () => number,
): ScheduleStore {
  const allKeys = Array.from({ length: shards }, (_, shard) => createKeys(prefix, shard, shards))
  const keysOf = (name: string): Keys => allKeys[shardOf(name, shards)]!
  const place = (keys: Keys) => ({ tag: keys.tag, channel: keys.wake })

  async function put(write: DefinitionWrite): Promise<PutReply> {
    const keys = keysOf(write.name)
    const raw = await runScript(
      client,
      'put-definition',
      { due: keys.due, names: keys.names },
      {
        ...place(keys),
        name: write.name,
        if_revision: write.ifRevision ?? '',
        if_digest: write.ifDigest ?? '',
        trigger: write.trigger,
        plan: write.plan,
        past: write.mayBePast ? 1 : 0,
        period: write.periodMs ?? '',
        grace: write.graceMs ?? '',
        removal: write.removalMs ?? '',
        close: write.isClosed ? 1 : 0,
      },
      Object.entries(write.fields).flat(),
    )
    const [outcome, revision] = raw as [PutReply['outcome'], number]
    return { outcome, revision }
  }

  async function readSome(keys: Keys, after: string, count: number, names: readonly string[]) {
    const sentAt = monotonic()
    const raw = await runScript(client, 'read-schedules', { names: keys.names }, { tag: keys.tag, after, count }, names)
    const reply = toSchedules(raw)
    clock.sample(sentAt, monotonic(), reply.clockMs)
    return reply
  }

  return {
    put,
    putMany: (writes) => Promise.all(writes.map(put)),

    async read(name) {
      const { nowMs, schedules } = await readSome(keysOf(name), '', 0, [name])
      const schedule = schedules[0]!
      return { nowMs, schedule: schedule.digest === '' ? null : schedule }
    },

    async page(cursor, count) {
      const match = /^(\d+):(.*)$/s.exec(cursor ?? '0:')
      let shard = Number(match?.[1] ?? 0)
      let after = match?.[2] ?? ''
      const found: StoredSchedule[] = []
      let nowMs = 0
      while (found.length < count && shard < shards) {
        const reply = await readSome(allKeys[shard]!, after, count - found.length, [])
        nowMs = reply.nowMs
        found.push(...reply.schedules.filter(({ digest }) => digest !== ''))
        after = reply.nextName
        if (after === '') shard += 1
      }
      return { nowMs, schedules: found, cursor: shard < shards ? `${shard}:${after}` : null }
    },

    async count() {
      const counts = await Promise.all(allKeys.map(({ names }) => client.zcard(names)))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    async remove(name, owner = '') {
      const keys = keysOf(name)
      const args = { ...place(keys), name, if_finished: 0, if_owner: owner }
      return (await runScript(client, 'remove-schedule', { due: keys.due }, args)) as 'removed' | 'missing' | 'kept'
    },

    async pause(name, note, untilMs) {
      const keys = keysOf(name)
      const raw = await runScript(
        client,
        'pause-schedule',
        { due: keys.due },
        { ...place(keys), name, note, pause_end: untilMs ?? '' },
      )
      const [outcome, revision] = raw as ['paused' | 'missing', number]
      return { outcome, revision }
    },

    storePlan: (change) => storePlan(client, keysOf(change.schedule.name), change),

    async enqueue(name, payloadText) {
      const keys = keysOf(name)
      const args = { ...place(keys), name, payload: payloadText ?? '' }
      const raw = await runScript(client, 'enqueue-run', { pending: keys.pending }, args)
      const [outcome, runId] = raw as ['enqueued', string] | ['missing']
      return outcome === 'enqueued' ? runId : null
    },

    async backfill(name, nominals, { atOnce, gapMs, most }) {
      const keys = keysOf(name)
      const args = { ...place(keys), name, at_once: atOnce, gap: gapMs, most }
      const raw = await runScript(client, 'backfill-schedule', { pending: keys.pending }, args, nominals)
      const [kind, ...rest] = raw as ['enqueued', ...string[]] | ['missing'] | ['full', number]
      if (kind === 'enqueued') return { kind, runIds: rest as string[] }
      return kind === 'missing' ? { kind } : { kind, waiting: rest[0] as number }
    },

    async situation(name, task) {
      const keys = keysOf(name)
      const [token, leftMs, due, backfills, lanes] = await Promise.all([
        client.get(keys.lease(name)),
        client.pttl(keys.lease(name)),
        client.zscore(keys.due, name),
        client.llen(`${keys.tag}:backfill:${name}`),
        client.smembers(`${keys.tag}:lanes`),
      ])
      const busy = await client.zcard(`${keys.tag}:busy:${task}`)
      const scores = await Promise.all(lanes.map((lane) => client.zscore(`${keys.tag}:lane:${lane}`, `s${name}`)))
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
      const raw = await runScript(client, 'cancel-run', { pending: keys.pending }, { ...place(keys), run_id: runId })
      return raw as 'cancelled' | 'cancelling' | 'missing'
    },

    async history(name, limit) {
      const known = clock.now()
      const nowMs = Number.isNaN(known) ? await this.now() : known
      const oldest = Math.max(0, Math.floor(nowMs - HISTORY_AGE_MS))
      const entries = await client.xrevrange(keysOf(name).history(name), '+', oldest, 'COUNT', limit)
      return entries.map(([, fields]) => toRecord(fields))
    },

    async runs() {
      const found: StoredRun[] = []
      for (const keys of allKeys) {
        for (const [set, running] of [
          [keys.running, true],
          [keys.pending, false],
        ] as const) {
          const members = await client.zrange(set, 0, 9_999, 'WITHSCORES')
          for (let index = 0; index < members.length; index += 2) {
            const runId = members[index]!
            const schedule = nameOfRun(runId)
            const text = schedule === null ? null : await client.hget(keys.state(schedule), `run:${runId}`)
            if (schedule === null || text === null) continue
            found.push({
              runId,
              schedule,
              run: JSON.parse(text) as Record<string, unknown>,
              dueMs: Number(members[index + 1]),
              running,
            })
          }
        }
      }
      return found
    },

    async workers() {
      const keys = allKeys[0]!
      const [nowMs, members] = await Promise.all([this.now(), client.zrange(keys.workers, 0, -1, 'WITHSCORES')])
      const ids = members.filter((_, index) => index % 2 === 0)
      const hashes = await Promise.all(ids.map((id) => client.hgetall(keys.worker(id))))
      return ids.map((id, index) => ({ id, fields: hashes[index]!, beatMs: Number(members[2 * index + 1]), nowMs }))
    },

    async declareVersion(owner, version, dryRun) {
      const args = { owner, version, dry_run: dryRun ? 1 : 0 }
      return (await runScript(client, 'declare-version', { meta: allKeys[0]!.meta }, args)) === 'current'
    },

    async now() {
      const sentAt = monotonic()
      const [seconds, micros] = await client.time()
      const clockMs = Number(seconds) * 1000 + Number(micros) / 1000
      clock.sample(sentAt, monotonic(), clockMs)
      return Math.floor(clockMs)
    },
  }
}
