import { describe, expect, it } from 'vitest'
import type { EverybeatOptions } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { scriptCallsPerSecond, untilQuiet } from '../support/command-counts.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const SHARDS = 4
const redis = useRedis()
const fleet = useFleet(redis)
const create = (options: EverybeatOptions = {}) => fleet.create({ shards: SHARDS, ...options })
const keysOf = (shard: number, shards = SHARDS) => createKeys(fleet.prefix(), shard, shards)

/** Names that fall on one shard. */
function namesOn(shard: number, count: number, shards = SHARDS): string[] {
  const names: string[] = []
  for (let index = 0; names.length < count; index++) {
    if (shardOf(`s${index}`, shards) === shard) names.push(`s${index}`)
  }
  return names
}

const oneOnEach = () => Array.from({ length: SHARDS }, (_, shard) => namesOn(shard, 1)[0]!)

describe('a fleet on several shards', () => {
  it('a fleet on several shards runs each occurrence once, and each worker runs mostly occurrences of its home shards', async () => {
    const beats = Array.from({ length: SHARDS }, () => create())
    const by = new Map<string, Map<number, number>>()
    const runs = new Set<string>()
    let fires = 0
    for (const beat of beats) {
      beat.task('tick', (run) => {
        fires += 1
        runs.add(run.id)
        const counts = by.get(run.worker) ?? new Map<number, number>()
        const shard = shardOf(run.schedule, SHARDS)
        by.set(run.worker, counts.set(shard, (counts.get(shard) ?? 0) + 1))
      })
      await beat.start()
    }
    // The replies to heartbeats give the ranks.
    await waitFor(async () => (await beats[0]!.fleet()).length === SHARDS, { what: 'the fleet' })
    await beats[0]!.schedules.putMany(oneOnEach().map((name) => ({ name, task: 'tick', every: '250ms' })))
    await waitFor(() => fires > 30, { what: 'the fleet to settle' })
    await new Promise<void>((resolve) => setTimeout(resolve, 5_500))
    by.clear()
    const before = fires
    await waitFor(() => fires - before >= 60, { what: 'sixty fires' })
    expect(runs.size).toBe(fires)
    const homes = [...by.values()].map((counts) => {
      const total = [...counts.values()].reduce((sum, count) => sum + count)
      return Math.max(...counts.values()) / total
    })
    expect(by.size).toBe(SHARDS)
    for (const share of homes) expect(share).toBeGreaterThan(0.5)
  })

  it('a fleet on several shards abandons the runs of a dead worker on every shard, while other shards are quiet', async () => {
    const dead = create({ leaseMs: 1_000 })
    const names = oneOnEach()
    // A worker whose runs are noted and that never settles, as one that was killed.
    const { RedisWorkerStore } = await import('../../src/redis/stores/worker-store.js')
    const { SampledRedisClock } = await import('../../src/worker/loop/redis-clock.js')
    await dead.schedules.putMany(
      names.map((name) => ({ name, task: 'job', at: new Date(), onCrash: 'rerun' as const })),
    )
    const monotonic = () => performance.now()
    for (let shard = 0; shard < SHARDS; shard++) {
      const store = new RedisWorkerStore({
        client: redis.client,
        keys: keysOf(shard),
        clock: new SampledRedisClock(monotonic, Date.now),
        monotonic,
        workerId: 'dead',
        leaseMs: 1_000,
        shards: SHARDS,
        generation: 'g',
      })
      const capacities = [{ pool: 'default', task: 'job', maxConcurrent: 0, freeSlots: 9 }]
      expect(
        (await store.claim({ requestId: '1', slots: 9, maxClaims: 9, aheadMs: 0, expectedDueMs: null, capacities }))
          .runs,
      ).toHaveLength(1)
    }
    const beat = create()
    const rerun = new Set<string>()
    beat.task('job', (run) => void rerun.add(run.schedule))
    await beat.start()
    await waitFor(() => rerun.size === SHARDS, { what: 'the runs to be delivered again' })
  })

  it('a fleet on several shards restores the schedules that code declares after a flush', async () => {
    const beat = create()
    const task = beat.task('job', () => {})
    for (const name of oneOnEach()) await task.schedule(name, { every: '1h' })
    await beat.start()
    await redis.client.flushall()
    await waitFor(async () => (await beat.schedules.count()) === SHARDS, { what: 'the restoration of the schedules' })
  })

  it('a fleet on several shards divides the fleet-wide limit of a task among them, and refuses a limit that cannot be divided', async () => {
    const beats = [create(), create()]
    let running = 0
    let most = 0
    let done = 0
    for (const beat of beats) {
      beat.task('job', { maxConcurrent: 5 }, async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running -= 1
        done += 1
      })
      expect(() => beat.task('small', { maxConcurrent: SHARDS - 1 }, () => {})).toThrow(
        expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field: 'maxConcurrent' }),
      )
    }
    const at = new Date()
    await beats[0]!.schedules.putMany(
      Array.from({ length: 80 }, (_, index) => ({ name: `s${index}`, task: 'job', at })),
    )
    await Promise.all(beats.map((beat) => beat.start()))
    await waitFor(() => done === 80, { what: 'all runs' })
    expect(most).toBeLessThanOrEqual(5)
  })
})

describe('the number of shards', () => {
  it.each([
    [1, 4],
    [4, 1],
    [2, 4],
    [4, 2],
  ])('the number of shards is refused when a fleet of %d is joined or written to with %d', async (theirs, ours) => {
    const worker = fleet.create({ shards: theirs })
    await worker.start()
    const refused = { code: 'ERR_EVERYBEAT_LAYOUT', field: 'shards' }
    const other = fleet.create({ shards: ours })
    await expect(other.start()).rejects.toMatchObject(refused)
    const control = fleet.create({ shards: ours })
    await expect(control.schedules.put('a', { every: '1h' })).rejects.toMatchObject(refused)
    await expect(control.schedules.list()).rejects.toMatchObject(refused)
    expect((await redis.client.keys(`*schedule:a`)).filter((key) => key.includes(fleet.prefix()))).toEqual([])
  })

  it.each([
    [1, 4],
    [4, 1],
  ])(
    'the number of shards is known as soon as a control client of %d shards has written, before any worker of %d',
    async (theirs, ours) => {
      await fleet.create({ shards: theirs }).schedules.put('a', { every: '1h' })
      await expect(fleet.create({ shards: ours }).start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_LAYOUT' })
    },
  )
})

describe('an idle worker', () => {
  it('an idle worker on four shards sends at most 0.5 commands per second', async () => {
    const beat = create()
    beat.task('yearly', () => {})
    await beat.schedules.putMany(
      Array.from({ length: 1_000 }, (_, index) => ({ name: `s${index}`, task: 'yearly', cron: '0 0 1 1 *' })),
    )
    await beat.start()
    // The scan for edits that were made before the start ends some time after it.
    await untilQuiet(redis.url)
    const fortySeconds = () => new Promise<void>((resolve) => setTimeout(resolve, 40_000))
    const rate = await scriptCallsPerSecond(redis.url, fortySeconds)
    // One heartbeat and what belongs to it may fall on either end.
    expect(rate).toBeLessThanOrEqual(0.5 + 2 / 40)
  })
})

describe('the history', () => {
  it('the history keeps about as many entries as the meta of its shard says', async () => {
    const beat = create()
    const [name] = namesOn(2, 1) as [string]
    let done = 0
    beat.task('tick', () => void done++)
    await redis.client.hset(keysOf(2).meta, 'history', 10)
    await beat.schedules.put(name, { task: 'tick', every: '1h' })
    await beat.start()
    const asked = { from: new Date('2026-01-01'), to: new Date('2026-01-12'), maxPerSecond: 1_000, concurrency: 50 }
    await beat.schedules.backfill(name, asked)
    await waitFor(() => done >= 264, { what: 'all backfilled runs' })
    // Trimmed by whole nodes of a hundred.
    await waitFor(async () => (await redis.client.xlen(keysOf(2).history(name))) <= 110, {
      what: 'the trimmed history',
    })
  })
})
