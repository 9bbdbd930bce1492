import { describe, expect, it } from 'vitest'
import type { EverybeatOptions, Run } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { countCommands, scriptCalls } from '../support/command-counts.js'
import { nextEvent, useFleet } from '../support/fleet.js'
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

describe('schedules on several shards', () => {
  it('schedules on several shards spread evenly, each with its keys under one hash tag', async () => {
    const { schedules } = create()
    await schedules.putMany(Array.from({ length: 400 }, (_, index) => ({ name: `job-${index}`, every: '1h' })))
    const counts = await Promise.all([0, 1, 2, 3].map((shard) => redis.client.zcard(keysOf(shard).names)))
    expect(counts.reduce((sum, count) => sum + count)).toBe(400)
    for (const count of counts) expect(count).toBeGreaterThan(60)
    expect(await schedules.count()).toBe(400)
    expect(await redis.client.exists(createKeys(fleet.prefix(), 0, 1).names)).toBe(0)
  })

  it('schedules on several shards are listed once each, by pages that cross from shard to shard, and found by name', async () => {
    const { schedules } = create()
    const names = Array.from({ length: 57 }, (_, index) => `job-${index}`)
    await schedules.putMany(names.map((name) => ({ name, every: '1h' })))
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof schedules.list>> = await schedules.list({ limit: 10, cursor })
      expect(page.length).toBeLessThanOrEqual(10)
      seen.push(...page.map(({ name }) => name))
      cursor = page.cursor
    } while (cursor !== null)
    expect(seen.toSorted()).toEqual(names.toSorted())
    expect(await schedules.list({ match: 'job-5?' })).toHaveLength(7)
    for (const name of names.slice(0, 8)) expect(await schedules.get(name)).toMatchObject({ name, every: '1h' })
  })

  it('schedules on several shards are paused, resumed, patched, removed and synced wherever they are', async () => {
    const beat = create()
    const { schedules } = beat
    const names = oneOnEach()
    await schedules.putMany(names.map((name) => ({ name, every: '1h', owner: 'app' })))
    for (const name of names) {
      expect(await schedules.pause(name)).toMatchObject({ outcome: 'paused' })
      expect(await schedules.get(name)).toMatchObject({ state: 'paused' })
      expect(await schedules.resume(name)).toMatchObject({ outcome: 'resumed' })
      expect(await schedules.patch(name, { note: 'why' })).toMatchObject({ outcome: 'updated' })
    }
    const declared = { [names[0]!]: { every: '1h', note: 'why' }, [names[1]!]: { every: '2h' }, other: { every: '1h' } }
    expect(await beat.sync(declared, { owner: 'app', prune: 'remove' })).toMatchObject({
      unchanged: [names[0]],
      updated: [names[1]],
      created: ['other'],
      removed: expect.arrayContaining([names[2], names[3]]) as string[],
    })
    expect(await schedules.count()).toBe(3)
    expect(await schedules.remove('other')).toEqual({ outcome: 'removed' })
    expect(await schedules.remove('other')).toEqual({ outcome: 'missing' })
  })
})

describe('a worker on several shards', () => {
  it('a worker on several shards runs what is due on each, and its history, runs, triggers and cancels work there', async () => {
    const beat = create()
    const going = new Map<string, Run>()
    beat.task('job', (run) => {
      going.set(run.schedule, run)
      return new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(new Error('stopped'))))
    })
    const names = oneOnEach()
    await beat.schedules.putMany(names.map((name) => ({ name, task: 'job', at: new Date() })))
    await beat.start()
    await waitFor(() => going.size === SHARDS, { what: 'a run on every shard' })
    expect((await beat.schedules.runs({ state: 'running' })).map(({ schedule }) => schedule).toSorted()).toEqual(
      names.toSorted(),
    )
    for (const name of names) {
      const ended = nextEvent(beat, 'run:failed', ({ schedule }) => schedule === name)
      expect(await beat.schedules.cancel(going.get(name)!.id)).toEqual({ outcome: 'cancelling' })
      await ended
      expect(await beat.schedules.history(name)).toMatchObject([{ outcome: 'cancelled', runId: going.get(name)!.id }])
      going.delete(name)
      await beat.schedules.trigger(name, { payload: { by: 'hand' } })
      const run = await waitFor(() => going.get(name), { what: 'the run by hand' })
      expect(run).toMatchObject({ manual: true, payload: { by: 'hand' } })
    }
    expect(await beat.fleet()).toMatchObject([{ id: beat.health().worker, running: expect.any(Number) as number }])
  })

  it('a worker on several shards sees edits by hand on every shard at once', async () => {
    const beat = create()
    const ran = new Set<string>()
    beat.task('fresh', (run) => void ran.add(run.schedule))
    await beat.start()
    for (const [shard, name] of oneOnEach().entries()) {
      await redis.client.hset(keysOf(shard).schedule(name), { task: 'fresh', every: '100ms' })
    }
    await waitFor(() => ran.size === SHARDS, { what: 'runs of all new schedules', timeoutMs: 3_000 })
  })

  it('a worker on several shards never runs more at once than its concurrency, however many shards have something due', async () => {
    const beat = create({ concurrency: 5 })
    let running = 0
    let most = 0
    let done = 0
    beat.task('job', async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 15))
      running -= 1
      done += 1
    })
    const at = new Date()
    await beat.schedules.putMany(Array.from({ length: 200 }, (_, index) => ({ name: `s${index}`, task: 'job', at })))
    await beat.start()
    await waitFor(() => done === 200, { what: 'all runs' })
    expect(most).toBe(5)
  })

  it('a worker on several shards keeps the concurrency of a task over all shards, and leaves nothing behind', async () => {
    const beat = create()
    let running = 0
    let most = 0
    let done = 0
    beat.task('job', { concurrency: 3 }, async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running -= 1
      done += 1
    })
    const at = new Date()
    await beat.schedules.putMany(Array.from({ length: 60 }, (_, index) => ({ name: `s${index}`, task: 'job', at })))
    await beat.start()
    await waitFor(() => done === 60, { what: 'all runs' })
    expect(most).toBeLessThanOrEqual(3)
  })

  it.each([1, 3])(
    'a worker on several shards with %d slots serves every shard while one of them always has something due',
    async (concurrency) => {
      const beat = create({ concurrency })
      const order: number[] = []
      beat.task('job', async (run) => {
        order.push(shardOf(run.schedule, SHARDS))
        await new Promise((resolve) => setTimeout(resolve, 4))
      })
      const at = new Date()
      const busy = namesOn(0, 150).map((name) => ({ name, task: 'job', at }))
      const others = [1, 2, 3].flatMap((shard) => namesOn(shard, 5).map((name) => ({ name, task: 'job', at })))
      await beat.schedules.putMany([...busy, ...others])
      await beat.start()
      await waitFor(() => order.length === busy.length + others.length, { what: 'all runs', timeoutMs: 20_000 })
      for (const shard of [1, 2, 3]) {
        // In turn: the fifth of a quiet shard comes long before the busy one is through.
        expect(order.lastIndexOf(shard), `shard ${shard} in ${order.join('')}`).toBeLessThan(60)
      }
    },
  )

  it('a worker on several shards stops with nothing left behind in the fleet, and tells once that it came and went', async () => {
    const witness = create()
    await witness.start()
    const seen: string[] = []
    const beat = create()
    const isBeat = (worker: string) => worker !== witness.health().worker
    witness.on('worker:joined', ({ worker }) => isBeat(worker) && seen.push('joined'))
    witness.on('worker:left', ({ worker }) => isBeat(worker) && seen.push('left'))
    await beat.start()
    await waitFor(() => seen.includes('joined'), { what: 'the newcomer to be seen' })
    await beat.stop()
    await waitFor(() => seen.includes('left'), { what: 'the leaver to be seen' })
    expect(seen).toEqual(['joined', 'left'])
    expect(await witness.fleet()).toHaveLength(1)
  })
})

describe('a fleet on several shards', () => {
  it('a fleet on several shards runs each occurrence once, and each worker mostly those of its own shards', async () => {
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
    // Places are told with the beats.
    await waitFor(async () => (await beats[0]!.fleet()).length === SHARDS, { what: 'the fleet' })
    await beats[0]!.schedules.putMany(oneOnEach().map((name) => ({ name, task: 'tick', every: '250ms' })))
    await waitFor(() => fires > 30, { what: 'the fleet to settle', timeoutMs: 20_000 })
    await new Promise<void>((resolve) => setTimeout(resolve, 5_500))
    by.clear()
    const before = fires
    await waitFor(() => fires - before >= 60, { what: 'sixty fires', timeoutMs: 20_000 })
    expect(runs.size).toBe(fires)
    const homes = [...by.values()].map((counts) => {
      const total = [...counts.values()].reduce((sum, count) => sum + count)
      return Math.max(...counts.values()) / total
    })
    expect(by.size).toBe(SHARDS)
    for (const share of homes) expect(share).toBeGreaterThan(0.5)
  })

  it('a fleet on several shards gives up the runs of a worker that died, on every shard, while others are quiet', async () => {
    const dead = create({ leaseMs: 1_000 })
    const names = oneOnEach()
    // A worker whose runs are noted and that never settles, as one that was killed.
    const { createWorkerStore } = await import('../../src/redis/stores/worker-store.js')
    const { createRedisClock } = await import('../../src/worker/loop/redis-clock.js')
    await dead.schedules.putMany(
      names.map((name) => ({ name, task: 'job', at: new Date(), onCrash: 'rerun' as const })),
    )
    const monotonic = () => performance.now()
    for (let shard = 0; shard < SHARDS; shard++) {
      const store = createWorkerStore({
        client: redis.client,
        keys: keysOf(shard),
        clock: createRedisClock(monotonic, Date.now),
        monotonic,
        workerId: 'dead',
        leaseMs: 1_000,
        shards: SHARDS,
        generation: 'g',
      })
      const lanes = [{ pool: 'default', task: 'job', maxConcurrent: 0, room: 9 }]
      expect(
        (await store.claim({ requestId: '1', slots: 9, share: 9, aheadMs: 0, expectedMs: null, lanes })).runs,
      ).toHaveLength(1)
    }
    const beat = create()
    const rerun = new Set<string>()
    beat.task('job', (run) => void rerun.add(run.schedule))
    await beat.start()
    await waitFor(() => rerun.size === SHARDS, { what: 'the runs to be delivered again', timeoutMs: 15_000 })
  })

  it('a fleet on several shards puts back what is declared in code when the memory is flushed', async () => {
    const beat = create()
    const task = beat.task('job', () => {})
    for (const name of oneOnEach()) await task.schedule(name, { every: '1h' })
    await beat.start()
    await redis.client.flushall()
    await waitFor(async () => (await beat.schedules.count()) === SHARDS, { what: 'the schedules to be back' })
  })

  it('a fleet on several shards keeps a fleet-wide limit of a task by dealing it out to the shards, and refuses one that cannot be', async () => {
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
    await waitFor(() => done === 80, { what: 'all runs', timeoutMs: 20_000 })
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
    // The walk for edits that were made before the start ends some time after it.
    await new Promise<void>((resolve) => setTimeout(resolve, 6_000))
    const seconds = 40
    const counts = await countCommands(redis.url, () => new Promise((resolve) => setTimeout(resolve, seconds * 1_000)))
    expect(scriptCalls(counts) / seconds).toBeLessThanOrEqual(0.5)
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
