import type { Cluster } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { runAcknowledged } from '../../src/redis/scripts/run-script.js'
import { nextEvent } from '../support/fleet.js'
import { uniquePrefix } from '../support/redis.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'

const SHARDS = 6
const cluster = useRedisCluster(3)
let instances: Everybeat[] = []
let prefix = uniquePrefix('cluster')

afterEach(async () => {
  await Promise.all(instances.map((beat) => beat.stop({ timeoutMs: 1_000 })))
  instances = []
  prefix = uniquePrefix('cluster')
})

function create(client: Cluster, options: EverybeatOptions = {}): Everybeat {
  const beat = new Everybeat({ redis: client, prefix, shards: SHARDS, logger: false, ...options })
  instances.push(beat)
  return beat
}

/** A name on each shard. */
function oneOnEach(): string[] {
  const names: string[] = []
  for (let index = 0; names.filter(Boolean).length < SHARDS; index++)
    names[shardOf(`s${index}`, SHARDS)] ??= `s${index}`
  return names
}

describe('on a Redis Cluster', () => {
  it('the shards are spread over every node, and a worker and a control client serve all of them', async () => {
    const control = create(cluster.connect())
    const beat = create(cluster.connect())
    const ran = new Map<string, number>()
    beat.task('tick', (run) => void ran.set(run.schedule, (ran.get(run.schedule) ?? 0) + 1))
    const names = oneOnEach()
    expect(
      await control.schedules.putMany(names.map((name) => ({ name, task: 'tick', every: '200ms' }))),
    ).toMatchObject({
      created: SHARDS,
    })
    const nodesUsed = await Promise.all([0, 1, 2].map((index) => cluster.node(index).call('DBSIZE')))
    for (const size of nodesUsed) expect(size).toBeGreaterThan(0)
    await beat.start()
    await waitFor(() => ran.size === SHARDS && [...ran.values()].every((count) => count >= 3), {
      what: 'runs on every shard',
    })
    expect(await control.fleet()).toMatchObject([{ id: beat.health().worker }])
    expect((await control.schedules.list({ limit: 2 })).cursor).not.toBeNull()
    expect(await control.schedules.count()).toBe(SHARDS)
    for (const name of names) {
      const [entry] = await control.schedules.history(name)
      expect(entry).toMatchObject({ outcome: 'ok', worker: beat.health().worker })
    }
  })

  it('each occurrence runs once among several workers on a Redis Cluster', async () => {
    const beats = [0, 1, 2].map(() => create(cluster.connect()))
    const runs: string[] = []
    for (const beat of beats) {
      beat.task('tick', (run) => {
        runs.push(run.id)
      })
      await beat.start()
    }
    await beats[0]!.schedules.putMany(oneOnEach().map((name) => ({ name, task: 'tick', every: '500ms' })))
    await waitFor(() => runs.length >= 60, { what: 'sixty runs' })
    expect(new Set(runs).size).toBe(runs.length)
  })

  it('edits, manual runs, cancels and plain edits on a Redis Cluster reach the worker from every node', async () => {
    const control = create(cluster.connect())
    const beat = create(cluster.connect())
    const client = cluster.connect()
    const ran = new Set<string>()
    beat.task('job', (run) => void ran.add(run.schedule))
    beat.task(
      'long',
      (run) => new Promise((_, reject) => run.signal.addEventListener('abort', () => reject(new Error()))),
    )
    const names = oneOnEach()
    await beat.start()
    for (const name of names) await control.schedules.put(name, { task: 'job', cron: '0 0 1 1 *' })
    for (const name of names) await control.schedules.put(name, { task: 'job', every: '100ms' })
    await waitFor(() => ran.size === SHARDS, { what: 'runs of all edited schedules' })
    await Promise.all(names.map((name) => control.schedules.remove(name)))
    ran.clear()
    for (const [shard, name] of names.entries()) {
      await client.hset(createKeys(prefix, shard, SHARDS).schedule(`${name}-by-hand`), { task: 'job', every: '100ms' })
    }
    // The suffix moves names to other shards: the names that stay on their shard are enough.
    const atHome = names.filter((name, shard) => shardOf(`${name}-by-hand`, SHARDS) === shard)
    await waitFor(() => atHome.every((name) => ran.has(`${name}-by-hand`)), {
      what: 'runs of the plainly written schedules',
    })
    await control.schedules.put(names[3]!, { task: 'long', cron: '0 0 1 1 *' })
    const started = nextEvent(beat, 'run:started', ({ task }) => task === 'long')
    await control.schedules.trigger(names[3]!)
    const { runId } = await started
    const failed = nextEvent(beat, 'run:failed', (event) => event.runId === runId)
    expect(await control.schedules.cancel(runId)).toEqual({ outcome: 'cancelling' })
    await failed
  })

  it('plain edits are noticed as they happen on every node of a Redis Cluster', async () => {
    const beat = create(cluster.connect())
    const client = cluster.connect()
    const shards = Array.from({ length: SHARDS }, (_, shard) => createKeys(prefix, shard, SHARDS))
    await holdMaintenance(client, shards)
    const ran = new Set<string>()
    beat.task('job', (run) => void ran.add(run.schedule))
    const names = oneOnEach()
    await beat.start()
    await beat.schedules.put(names[0]!, { task: 'job', every: '100ms' })
    await waitFor(() => ran.size === 1, { what: 'a run' })
    for (const [shard, name] of names.entries()) {
      if (shard > 0) await client.hset(shards[shard]!.schedule(name), { task: 'job', every: '100ms' })
    }
    await waitFor(() => ran.size === SHARDS, { what: 'runs of all' })
  })

  it('a claim that waits for replicas follows a hash slot to another node', async () => {
    const client = cluster.connect()
    const keys = createKeys(prefix, 0, 1)
    const call = () =>
      runAcknowledged(client, { replicas: 1, timeoutMs: 1 }, 'leave-fleet', {
        keys: { workers: keys.workers, ranks: keys.ranks, worker: keys.worker('nobody') },
        args: { tag: keys.tag, channel: keys.wake, worker_id: 'nobody' },
      })
    expect(await call()).toMatchObject({ isAcknowledged: false })
    const slot = Number(await client.call('CLUSTER', 'KEYSLOT', keys.workers))
    const holder = Math.floor((slot * 3) / 16_384)
    const [from, to] = [cluster.node(holder), cluster.node((holder + 1) % 3)]
    const [fromId, toId] = await Promise.all([from, to].map(async (node) => String(await node.call('CLUSTER', 'MYID'))))
    const give = async (id: string): Promise<void> => {
      for (const node of [to, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
    }
    await give(toId!)
    try {
      await expect(call()).rejects.toThrow(/^MOVED /)
      expect(await waitFor(call, { what: 'the claim to find its slot' })).toMatchObject({ isAcknowledged: false })
    } finally {
      await give(fromId!)
    }
  })

  it('an instance with the URL of one node of a Cluster is refused with the advice to pass a Cluster', async () => {
    const url = `redis://127.0.0.1:${cluster.servers[0]!.port}`
    let prefix = uniquePrefix()
    const slotOf = async () => Number(await cluster.node(0).call('CLUSTER', 'KEYSLOT', `{${prefix}}`))
    // The first third of the slots is on this node.
    while ((await slotOf()) * 3 < 16_384) prefix = uniquePrefix()
    const beat = create(cluster.connect(), { redis: url, shards: 1, prefix })
    const advice = { code: 'ERR_EVERYBEAT_CONNECTION', message: expect.stringContaining('pass a live `Cluster`') }
    await expect(beat.schedules.put('a', { every: '1h' })).rejects.toMatchObject(advice)
    await expect(beat.schedules.list()).rejects.toMatchObject(advice)
    await expect(beat.start()).rejects.toMatchObject(advice)
  })

  it('a worker whose node loses its data restores the schedules that code declares', async () => {
    const beat = create(cluster.connect())
    const task = beat.task('job', () => {})
    const names = oneOnEach()
    for (const name of names) await task.schedule(name, { every: '1h' })
    await beat.start()
    await cluster.node(1).flushall()
    expect(await beat.schedules.count()).toBeLessThan(SHARDS)
    await waitFor(async () => (await beat.schedules.count()) === SHARDS, {
      what: 'all schedules again',
    })
  })

  it('resharding moves schedules between the nodes of a Redis Cluster', async () => {
    const control = create(cluster.connect())
    const names = Array.from({ length: 300 }, (_, index) => `job-${index}`)
    await control.schedules.putMany(names.map((name) => ({ name, every: '1h', payload: name })))
    expect(await control.reshard(4)).toMatchObject({ outcome: 'done', from: SHARDS, to: 4 })
    const after = create(cluster.connect(), { shards: 4 })
    expect((await after.schedules.list({ limit: 1_000 })).map(({ payload }) => payload).toSorted()).toEqual(
      names.toSorted(),
    )
    await expect(create(cluster.connect()).start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_LAYOUT' })
  })
})
