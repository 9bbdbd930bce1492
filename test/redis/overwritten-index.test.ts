import { describe, expect, it } from 'vitest'
import { createFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

describe('an index that was overwritten', () => {
  it.each(['due', 'pending', 'running', 'names', 'inactive', 'lanes', 'workers', 'ranks', 'meta'])(
    'an index that was overwritten is reported and repaired, and every schedule continues: %s',
    async (kind) => {
      let runs = 0
      const fleet = createFleet(redis.url, { tasks: (beat) => void beat.task('tick', () => void runs++) })
      await fleet.control.schedules.put('tick', { every: 200 })
      await fleet.control.schedules.put('later', { task: 'tick', every: '1h' })
      await fleet.start()
      await fleet.next('run:succeeded')
      const key = fleet.key(kind)
      await redis.client.multi().del(key).set(key, 'nonsense').exec()
      const told = await fleet.next('error', ({ context }) => context === 'index')
      expect(told.message).toContain(key)
      const before = runs
      await waitFor(() => runs > before + 3, { what: 'runs' })
      await waitFor(async () => (await redis.client.zscore(fleet.key('due'), 'later')) !== null, {
        what: 'the other worker',
      })
      expect(await fleet.control.schedules.count()).toBe(2)
    },
  )

  it('the repair of the pending index restores a waiting retry', async () => {
    const fleet = createFleet(redis.url, {
      workers: 1,
      tasks: (beat) =>
        void beat.task('flaky', { retries: 1, backoff: { type: 'fixed', delay: '3s' } }, ({ attempt }) => {
          if (attempt === 1) throw new Error('not yet')
        }),
    })
    await fleet.start()
    await fleet.control.schedules.put('flaky', { at: new Date() })
    await fleet.next('run:retrying')
    const key = fleet.key('pending')
    await redis.client.multi().del(key).set(key, 'nonsense').exec()
    expect(await fleet.next('run:succeeded')).toMatchObject({ schedule: 'flaky', attempt: 2 })
  })

  it('a maintenance lock without a TTL does not count, and a worker is elected again', async () => {
    const fleet = createFleet(redis.url)
    await fleet.start()
    const key = fleet.key('upkeep')
    await redis.client.multi().del(key).rpush(key, 'nonsense').exec()
    await waitFor(async () => (await redis.client.pttl(key)) > 0, { what: 'a lock with an end' })
  })

  it('an index of ranks with unknown members is repaired, and live workers have their duties again', async () => {
    const fleet = createFleet(redis.url)
    await fleet.start()
    const key = fleet.key('ranks')
    await redis.client.zadd(key, 1, 'a', 2, 'b', 3, 'c')
    await waitFor(async () => (await redis.client.zcard(key)) === 2, {
      what: 'the removal of the unknown members',
    })
  })
})
