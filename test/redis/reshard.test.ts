import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const scriptPath = fileURLToPath(new URL('../support/fixtures/reshard.mjs', import.meta.url))
const tagsOf = (shards: number) =>
  Array.from({ length: shards }, (_, shard) => createKeys(fleet.prefix(), shard, shards))

/** Every key under a number of shards, on any shard; fails when a key exists twice. */
async function contentOf(shards: number): Promise<Map<string, unknown>> {
  const content = new Map<string, unknown>()
  const note = (key: string, value: unknown) => {
    expect(content.has(key), `${key} exists twice`).toBe(false)
    content.set(key, value)
  }
  for (const [shard, { tag }] of tagsOf(shards).entries()) {
    for (const key of await redis.client.keys(`${tag}:*`)) {
      const suffix = key.slice(tag.length + 1)
      const name = /^(?:schedule|state|history|backfill|lease):(.*)$/s.exec(suffix)?.[1]
      if (name !== undefined) {
        expect(shardOf(name, shards), key).toBe(shard)
        note(suffix, await valueOf(key))
      } else if (suffix.startsWith('run-lease:')) {
        note(suffix, await redis.client.get(key))
      } else if (['due', 'pending', 'running', 'names', 'inactive'].includes(suffix) || suffix.startsWith('busy:')) {
        const members = await redis.client.zrange(key, 0, -1, 'WITHSCORES')
        for (let at = 0; at < members.length; at += 2) note(`${suffix} ${members[at]}`, members[at + 1])
      }
    }
  }
  return content
}

async function valueOf(key: string): Promise<unknown> {
  const type = await redis.client.type(key)
  if (type === 'hash') return await redis.client.hgetall(key)
  if (type === 'stream') return await redis.client.xrange(key, '-', '+')
  return type === 'list' ? await redis.client.lrange(key, 0, -1) : await redis.client.get(key)
}

/** Schedules in every state: with history, paused, invalid, by plain commands, running, queued, parked, backfilled. */
async function fill(shards: number, count: number, leaseMs: number) {
  const beat = fleet.create({ shards, leaseMs: 60_000 })
  const { schedules } = beat
  beat.task('quick', () => ({ fine: true }))
  beat.task('limited', { maxConcurrent: 50 }, () => ({}))
  await schedules.putMany(
    Array.from({ length: count }, (_, index) => ({
      name: `far-${index}`,
      task: 'quick',
      cron: '0 0 1 1 *',
      payload: { index },
    })),
  )
  await schedules.putMany(
    Array.from({ length: 20 }, (_, index) => ({ name: `past-${index}`, task: 'quick', at: new Date() })),
  )
  await schedules.put('nobody', { task: 'not-here', at: new Date() })
  let done = 0
  beat.on('run:succeeded', () => (done += 1))
  await beat.start()
  await waitFor(() => done === 20, { what: 'a history' })
  await schedules.pause('far-1', { note: 'why' })
  await schedules.trigger('far-2', { payload: 'by hand' })
  await waitFor(() => done === 21, { what: 'the manual run' })
  await waitFor(async () => (await schedules.runs({ state: 'waiting' })).length >= 0, { what: 'the task queues' })
  await beat.stop()
  await schedules.get('x').catch(() => {})
  const control = fleet.create({ shards })
  // What a worker that was killed leaves behind: runs, one with a lease of its own, one that counts for a limit.
  await control.schedules.put('killed', { task: 'limited', at: new Date(), onCrash: 'rerun' })
  await control.schedules.put('own', { task: 'quick', at: new Date(), overlap: 'allow', onCrash: 'rerun' })
  const { RedisWorkerStore } = await import('../../src/redis/stores/worker-store.js')
  const { SampledRedisClock } = await import('../../src/worker/loop/redis-clock.js')
  for (const keys of tagsOf(shards)) {
    const monotonic = () => performance.now()
    const store = new RedisWorkerStore({
      client: redis.client,
      keys,
      clock: new SampledRedisClock(monotonic, Date.now),
      monotonic,
      workerId: 'dead',
      leaseMs,
      shards,
      generation: 'g',
    })
    const capacities = ['quick', 'limited'].map((task) => ({
      pool: 'default',
      task,
      maxConcurrent: task === 'limited' ? 50 : 0,
      freeSlots: 100,
    }))
    await store.claim({ requestId: '1', slots: 100, maxClaims: 100, aheadMs: 0, expectedDueMs: null, capacities })
  }
  await control.sync({ owned: { every: '1h' } }, { owner: 'app', version: 7 })
  await redis.client.hset(tagsOf(shards)[shardOf('by-hand', shards)]!.schedule('by-hand'), {
    task: 'quick',
    every: '1h',
  })
  await control.schedules.trigger('far-3', { payload: 1 })
  return control
}

/** The contents that must be equal afterwards: parked schedules are back in `due`, and plainly written ones have a name. */
function comparable(content: Map<string, unknown>): Map<string, unknown> {
  const without = [...content].filter(([key]) => !/^(due nobody|pending nobody|names by-hand|.*\bby-hand$)/.test(key))
  return new Map(without.sort(([left], [right]) => (left < right ? -1 : 1)))
}

describe('resharding', () => {
  it.each([
    [1, 4],
    [4, 1],
    [2, 4],
    [4, 3],
  ])(
    'resharding from %d to %d loses nothing, doubles nothing, and refuses the old number afterwards',
    async (from, to) => {
      const control = await fill(from, 1_200, 8_000)
      const before = comparable(await contentOf(from))
      expect(before.size).toBeGreaterThan(4_000)
      const seen: number[] = []
      const result = await control.reshard(to, { onProgress: ({ done }) => seen.push(done) })
      expect(result).toMatchObject({ outcome: 'done', from, to, resumed: false })
      expect(seen.length).toBeGreaterThan(2)
      expect(comparable(await contentOf(to))).toEqual(before)
      const old = fleet.create({ shards: from })
      await expect(old.start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_LAYOUT' })
      await expect(fleet.create({ shards: from }).schedules.put('a', { every: '1h' })).rejects.toMatchObject({
        code: 'ERR_EVERYBEAT_LAYOUT',
      })
      // One that was connected all the time writes nothing to the old place either.
      await expect(control.schedules.put('far-5', { every: '1h' })).rejects.toMatchObject({
        code: 'ERR_EVERYBEAT_LAYOUT',
      })
      const gone = tagsOf(from).filter(({ tag }) => !tagsOf(to).some((keys) => keys.tag === tag))
      for (const { tag } of gone) {
        // The counts of past minutes are no part of a schedule: they stay where they are until their time to live ends.
        const left = (await redis.client.keys(`${tag}:*`)).filter((key) => !/:(meta|worker:|minute:)/.test(key))
        expect(left).toEqual([])
      }

      const beat = fleet.create({ shards: to })
      const ran = new Set<string>()
      for (const task of ['quick', 'limited', 'not-here'])
        beat.task(task, { maxConcurrent: 50 }, (run) => void ran.add(run.schedule))
      await beat.start()
      const wanted = ['nobody', 'killed', 'own', 'far-3']
      await waitFor(() => wanted.every((name) => ran.has(name)), {
        what: 'the running and the waiting runs',
      })
      expect(await beat.schedules.get('by-hand')).toMatchObject({ every: '1h' })
      expect(await beat.schedules.get('far-1')).toMatchObject({ state: 'paused' })
      expect(await beat.schedules.history('past-3')).toMatchObject([{ outcome: 'ok', result: { fine: true } }])
      expect(await beat.sync({ owned: { every: '2h' } }, { owner: 'app', version: 6 })).toMatchObject({
        outcome: 'outdated',
      })
      expect(await beat.schedules.count()).toBe(1_200 + 20 + 5)
    },
  )

  it('resharding that is killed again and again completes without a loss', async () => {
    await fill(2, 3_000, 60_000)
    const before = comparable(await contentOf(2))
    let kills = 0
    for (let ended = false; !ended;) {
      const child = fork(scriptPath, [redis.url, fleet.prefix(), '5'])
      let messages = 0
      child.on('message', () => {
        messages += 1
        // In the midst of the next page, a little farther each time.
        if (messages === 1 + Math.floor(kills / 2) && kills < 8) setTimeout(() => child.kill('SIGKILL'), kills % 5)
      })
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
      if (signal === 'SIGKILL') {
        kills += 1
        const refused = { code: 'ERR_EVERYBEAT_LAYOUT', message: expect.stringContaining('reshard 5') as string }
        for (const shards of [2, 5]) {
          await expect(fleet.create({ shards }).start()).rejects.toMatchObject(refused)
          await expect(fleet.create({ shards }).schedules.put('x', { every: '1h' })).rejects.toMatchObject(refused)
        }
        await expect(fleet.create({ shards: 2 }).reshard(3)).rejects.toMatchObject(refused)
      } else {
        expect(code).toBe(0)
        ended = true
      }
    }
    expect(kills).toBeGreaterThan(3)
    expect(comparable(await contentOf(5))).toEqual(before)
    expect(await fleet.create().reshard(5)).toEqual({ outcome: 'unchanged', from: 5, to: 5, moved: 0, resumed: false })
  })

  it('resharding is refused while a worker is live, and changes nothing', async () => {
    const beat = fleet.create()
    const task = beat.task('tick', () => {})
    await task.schedule('tick', { every: '200ms' })
    await beat.start()
    await expect(fleet.create().reshard(4)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_STATE',
      message: expect.stringContaining('1 worker is live') as string,
    })
    await nextEvent(beat, 'run:succeeded')
    await beat.stop()
    expect(await fleet.create().reshard(4)).toMatchObject({ outcome: 'done', from: 1, to: 4, moved: 1 })
  })

  it.each([0, 1.5, 1025, NaN])('resharding refuses %d shards', async (to) => {
    await expect(fleet.create().reshard(to)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS', field: 'shards' })
  })
})
