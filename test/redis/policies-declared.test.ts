import { describe, expect, it } from 'vitest'
import { createFleet, type PolicyFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()

const quiet = (fleet: PolicyFleet) => fleet.workers.map((beat) => beat.task('job', () => 'done'))

describe('a flush of Redis', () => {
  it.each(['with key tracking', 'without key tracking'])(
    'declared schedules are restored after a flush of Redis, %s',
    async (how) => {
      const fleet = createFleet(redis.url)
      const [handle] = quiet(fleet)
      // Then no message reports the flush: the heartbeats find another generation.
      if (how === 'without key tracking') await fleet.redis.call('ACL', 'SETUSER', 'default', '-client', '+client|id')
      try {
        await fleet.start()
        await handle!.schedule('declared', { every: 100 })
        await fleet.workers[1]!.sync([{ name: 'synced', task: 'job', every: 100 }], { owner: 'svc' })
        await fleet.control.schedules.put('by-hand', { task: 'job', every: 100 })
        await fleet.next('run:succeeded', ({ schedule }) => schedule === 'synced')
        await fleet.redis.flushall()
        const flushedAt = Date.now()
        for (const name of ['declared', 'synced']) {
          await fleet.next(
            'run:succeeded',
            ({ schedule, scheduledAt }) => schedule === name && scheduledAt > flushedAt + 100,
          )
        }
        expect(await fleet.control.schedules.get('by-hand')).toBeNull()
        expect((await fleet.control.schedules.get('synced'))?.owner).toBe('svc')
        expect(fleet.told.filter(({ name }) => name === 'error')).toEqual([])
      } finally {
        if (how === 'without key tracking') await fleet.redis.call('ACL', 'SETUSER', 'default', '+client')
      }
    },
  )

  it('the restoration after a flush restores no instant that has passed, and overwrites no later edit', async () => {
    const fleet = createFleet(redis.url, { workers: 1 })
    const [handle] = quiet(fleet)
    await fleet.start()
    await handle!.schedule('once', { at: Date.now() })
    await handle!.schedule('kept', { every: '1h', note: 'from code' })
    await handle!.schedule('last', { every: '1h' })
    await fleet.next('run:succeeded', ({ schedule }) => schedule === 'once')
    const emptied = fleet.redis.multi().flushall()
    emptied.hset(fleet.key('schedule', 'kept'), { task: 'job', every: '2h' })
    await emptied.exec()
    await expect.poll(() => fleet.control.schedules.get('last')).not.toBeNull()
    await expect.poll(async () => (await fleet.control.schedules.get('kept'))?.revision).toBe(1)
    const kept = await fleet.control.schedules.get('kept')
    expect(kept?.note).toBeUndefined()
    expect(await fleet.control.schedules.get('once')).toBeNull()
  })

  it('the higher of two deployed versions remains after a flush of Redis', async () => {
    const fleet = createFleet(redis.url)
    quiet(fleet)
    await fleet.start()
    const [old, young] = fleet.workers
    const declare = (beat: typeof old, every: string, version: string) =>
      beat!.sync([{ name: 'it', task: 'job', every }], { owner: 'svc', version })
    await declare(old, '1h', '1.9.0')
    expect((await declare(young, '2h', '1.10.0')).updated).toEqual(['it'])
    expect((await declare(old, '1h', '1.9.0')).outcome).toBe('outdated')
    await fleet.redis.flushall()
    await expect.poll(async () => (await fleet.control.schedules.get('it'))?.every).toBe('2h')
    expect((await declare(old, '1h', '1.9.0')).outcome).toBe('outdated')
  })
})

describe('sync', () => {
  it('sync ends the pause of a schedule that it had pruned when the schedule is declared again, and no other pause', async () => {
    const { control } = createFleet(redis.url, { workers: 0 })
    const both = { a: { task: 'job', every: '1h' }, b: { task: 'job', every: '1h' } }
    await control.sync(both, { owner: 'svc' })
    expect(await control.sync({}, { owner: 'svc', prune: 'pause' })).toMatchObject({ paused: ['a', 'b'] })
    await control.schedules.pause('b', { note: 'a person said so' })
    expect(await control.sync(both, { owner: 'svc', prune: 'pause' })).toMatchObject({ unchanged: ['a', 'b'] })
    expect((await control.schedules.get('a'))?.state).toBe('active')
    expect((await control.schedules.get('b'))?.state).toBe('paused')
  })

  it('sync refuses invalid input before it writes anything', async () => {
    const { control } = createFleet(redis.url, { workers: 0 })
    const sync = (definitions: object, options: object) => control.sync(definitions as never, options as never)
    await expect(
      sync(
        [
          { name: 'a', every: '1h' },
          { name: 'a', every: '1h' },
        ],
        { owner: 'x' },
      ),
    ).rejects.toThrow(/declared twice/)
    await expect(
      sync(
        [
          { name: 'a', every: '1h' },
          { name: 'b', cron: '61 * * * *' },
        ],
        { owner: 'x' },
      ),
    ).rejects.toThrow(/61/)
    await expect(sync([], { owner: '' })).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    await expect(sync([], {})).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    await expect(sync([], { owner: 'x', prune: 'delete' })).rejects.toThrow(/prune: "delete"/)
    await expect(sync([], { owner: 'x', version: 'one' })).rejects.toThrow(/version: "one"/)
    expect(await control.schedules.count()).toBe(0)
  })
})
