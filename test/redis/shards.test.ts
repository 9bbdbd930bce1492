import { describe, expect, it } from 'vitest'
import type { EverybeatOptions, Run } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
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

  it('schedules are paused, resumed, patched, removed and synced on every shard', async () => {
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
    expect(await schedules.remove('other')).toEqual({ outcome: 'removed', isDeclared: true })
    expect(await schedules.remove('other')).toEqual({ outcome: 'missing' })
  })
})

describe('a worker on several shards', () => {
  it('a worker on several shards runs due occurrences of each, and history, runs, manual runs and cancels work there', async () => {
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
      const run = await waitFor(() => going.get(name), { what: 'the manual run' })
      expect(run).toMatchObject({ manual: true, payload: { by: 'hand' } })
    }
    expect(await beat.fleet()).toMatchObject([{ id: beat.health().worker, running: expect.any(Number) as number }])
  })

  it('a worker on several shards notices plain edits on every shard at once', async () => {
    const beat = create()
    const ran = new Set<string>()
    beat.task('fresh', (run) => void ran.add(run.schedule))
    await holdMaintenance(
      redis.client,
      Array.from({ length: SHARDS }, (_, shard) => keysOf(shard)),
    )
    await beat.start()
    for (const [shard, name] of oneOnEach().entries()) {
      await redis.client.hset(keysOf(shard).schedule(name), { task: 'fresh', every: '100ms' })
    }
    await waitFor(() => ran.size === SHARDS, { what: 'runs of all new schedules' })
  })

  it('a worker on several shards never has more runs at once than its concurrency, however many shards have due schedules', async () => {
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

  it('a worker on several shards keeps the concurrency of a task over all shards, and runs every occurrence', async () => {
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
    'a worker on several shards with %d slots serves every shard while one shard always has due schedules',
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
      await waitFor(() => order.length === busy.length + others.length, { what: 'all runs' })
      for (const shard of [1, 2, 3]) {
        // In turn: the fifth of a quiet shard comes long before the busy one is through.
        expect(order.lastIndexOf(shard), `shard ${shard} in ${order.join('')}`).toBeLessThan(60)
      }
    },
  )

  it('a worker on several shards leaves no record in the fleet, and reports once that it joined and left', async () => {
    const witness = create()
    await witness.start()
    const seen: string[] = []
    const beat = create()
    const isBeat = (worker: string) => worker !== witness.health().worker
    witness.on('worker:joined', ({ worker }) => isBeat(worker) && seen.push('joined'))
    witness.on('worker:left', ({ worker }) => isBeat(worker) && seen.push('left'))
    await beat.start()
    await waitFor(() => seen.includes('joined'), { what: 'the new worker to be noticed' })
    await beat.stop()
    await waitFor(() => seen.includes('left'), { what: 'the end of the worker to be noticed' })
    expect(seen).toEqual(['joined', 'left'])
    expect(await witness.fleet()).toHaveLength(1)
  })
})
