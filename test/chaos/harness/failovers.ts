import type { DefinitionInput } from '../../../src/index.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, Redis } from 'ioredis'
import { Everybeat } from '../../../src/index.js'
import { createKeys, shardOf } from '../../../src/redis/keys.js'
import { check, type Findings } from './check.js'
import { createFleet } from './fleet.js'
import type { FailoverGroup, FailoverKind } from './failover-node.js'
import { type HistoryRecord, readHistory } from './history-reader.js'
import { createRandom } from './random.js'
import { createRedisTime } from './redis-time.js'
import { type ChaosSchedule, dueBetween, generateSchedules } from './schedules.js'

/** A series of failovers under load. */
export interface FailoverSeries {
  readonly group: FailoverGroup
  readonly count: number
  readonly seed: number
  readonly shards: number
  /** More options of the workers: `durability`, `lockNodes`. */
  readonly options: Record<string, unknown>
  /** The ways to fail over; each comes in its turn. */
  readonly kinds: readonly FailoverKind[]
}

/** What came of it. */
export interface FailoverResult extends Findings {
  /** Occurrences with more than one start, under either `onCrash`. */
  readonly repeated: number
  /** Closed because the lock nodes remembered a start that Redis had forgotten. */
  readonly elsewhere: number
  /** Whether every occurrence was recorded in time after the last failover. */
  readonly isComplete: boolean
}

const WORKERS = 3
const LEASE_MS = 2_000
const STOP_MS = 5_000
const RECOVERY_TIMEOUT_MS = 45_000

/** Runs a mix of schedules on worker processes, fails over again and again, and checks what came of it. */
export async function runFailovers(series: FailoverSeries): Promise<FailoverResult> {
  const { group, shards } = series
  const random = createRandom(series.seed)
  const schedules = generateSchedules(random).map(leaveRoom)
  const names = schedules.map(({ name }) => name)
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-failovers-'))
  const client = await group.connect()
  const prefix = await choosePrefix(client, shards, group.fits)
  const fleet = createFleet({
    dir,
    leaseMs: LEASE_MS,
    stopMs: STOP_MS,
    options: (index) => ({ ...group.workerOptions, ...group.optionsOf?.(index), prefix, shards, ...series.options }),
    declare: {},
    keepsLeases: false,
    place: () => ({}),
  })
  const time = createRedisTime()
  try {
    await declare(client, prefix, shards, schedules)
    await Promise.all(Array.from({ length: WORKERS }, () => fleet.spawn()))
    // Asked for now: while a node hangs, the client may ask that one.
    const nodes = new Map<string, number>()
    for (const name of shards > 1 ? names : [])
      nodes.set(name, await nodeOfKey(client, createKeys(prefix, shardOf(name, shards), shards).due))
    const home = shards > 1 ? await nodeOfKey(client, createKeys(prefix, 0, shards).due) : 0
    const load = { fleet, nodeOf: (name: string) => nodes.get(name)!, home }
    const fromMs = Date.now()
    for (let round = 0; round < series.count; round += 1) {
      await sleep(random.between(300, 1_200))
      await group.failOver(series.kinds[round % series.kinds.length]!, random, load)
    }
    await sleep(1_000)
    const toMs = Date.now()
    const read = (): Promise<HistoryRecord[]> => readHistory(client, prefix, shards, names)
    const isComplete = await untilRecorded(schedules, read, fromMs, toMs)
    await fleet.stopAll()
    const spans = fleet.spans()
    const records = await read()
    const findings = check({ schedules, fromMs, toMs, spans, records, time, leaseMs: LEASE_MS, dataLoss: [] })
    const counts = new Map<string, number>()
    for (const { id, scheduledAt } of spans) {
      if (scheduledAt > fromMs && scheduledAt <= toMs) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return {
      ...findings,
      repeated: [...counts.values()].filter((count) => count > 1).length,
      elsewhere: records.filter(({ reason }) => reason === 'started-elsewhere').length,
      isComplete,
    }
  } finally {
    for (const worker of fleet.all) worker.child.kill('SIGKILL')
    client.disconnect()
    rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * Shortens handlers that take most of the time between two occurrences: one failover after the other, what `rerun` and
 * queues have to catch up with would grow for longer than the test waits.
 */
function leaveRoom(schedule: ChaosSchedule): ChaosSchedule {
  const { definition, stepMs, onCrash, overlap } = schedule
  const { ms } = definition.payload as { ms: number }
  if (onCrash === 'skip' && overlap !== 'queue') return schedule
  return { ...schedule, definition: { ...definition, payload: { ms: Math.min(ms, 0.3 * stepMs) } } }
}

/** Which of three nodes that were given the slots in their order has a key. */
async function nodeOfKey(client: Redis | Cluster, key: string): Promise<number> {
  return Math.floor((Number(await client.call('CLUSTER', 'KEYSLOT', key)) * 3) / 16_384)
}

/** A prefix whose shards are spread over all primaries of a Cluster of three, or where they have to be. */
async function choosePrefix(
  client: Redis | Cluster,
  shards: number,
  fits: (nodes: readonly number[]) => boolean = () => true,
): Promise<string> {
  if (shards === 1) return 'failover'
  for (let number = 0; ; number += 1) {
    const prefix = `failover-${number}`
    const served: number[] = []
    for (let shard = 0; shard < shards; shard += 1) {
      served.push(await nodeOfKey(client, createKeys(prefix, shard, shards).due))
    }
    if (new Set(served).size === 3 && fits(served)) return prefix
  }
}

async function declare(
  client: Redis | Cluster,
  prefix: string,
  shards: number,
  schedules: readonly ChaosSchedule[],
): Promise<void> {
  const control = new Everybeat({ redis: client, prefix, shards, logger: false })
  await control.schedules.putMany(
    schedules.map(({ name, definition }) => ({ name, ...definition })) as (DefinitionInput & { name: string })[],
  )
  await control.stop()
  const used = new Set(schedules.map(({ name }) => shardOf(name, shards)))
  if (used.size < shards) throw new Error(`only ${used.size} of ${shards} shards have a schedule`)
  // The whole history is read at the end.
  for (const shard of used) await client.hset(createKeys(prefix, shard, shards).meta, 'history', 100_000)
  await sleep(500)
}

/** Waits until every occurrence is in the history. */
async function untilRecorded(
  schedules: readonly ChaosSchedule[],
  read: () => Promise<HistoryRecord[]>,
  fromMs: number,
  toMs: number,
): Promise<boolean> {
  for (const endAt = Date.now() + RECOVERY_TIMEOUT_MS; Date.now() < endAt; await sleep(500)) {
    const entries = await read().catch(() => [])
    const isComplete = schedules.every((schedule) => {
      const mine = entries.filter(({ schedule: name }) => name === schedule.name)
      const known = new Set(mine.map(({ scheduledAt }) => scheduledAt))
      const groups = mine.filter(({ count }) => count > 1)
      return dueBetween(schedule, fromMs, toMs).every(
        (at) => known.has(at) || groups.some((group) => at >= group.scheduledAt && at <= group.untilMs),
      )
    })
    if (isComplete) return true
  }
  return false
}

/** One line with the outcome of a series, and with the command that repeats it. */
export function describeResult(what: string, { count, seed }: FailoverSeries, result: FailoverResult): string {
  const { checked, started, doubled, repeated, together, lost, unrecorded, elsewhere, abandoned } = result
  const figures = { checked, started, doubled, repeated, together, lost, unrecorded, elsewhere, abandoned }
  const delay = `longest delay ${Math.round(result.longestDelayMs)} ms`
  return `${what}: ${count} failovers, seed ${seed}: ${JSON.stringify(figures)}, ${delay}\n`
}
