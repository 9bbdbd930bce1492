import { schedule, type ScheduledTask } from 'node-cron'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRunCoordinator, type RunCoordinator } from '../../../src/node-cron/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { startRedisProxy } from '../../support/redis-proxy.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()

function create(prefix: string, url: unknown = redis.url): RunCoordinator {
  const coordinator = createRunCoordinator({ redis: url as string, prefix })
  onTestFinished(() => coordinator.close())
  return coordinator
}

describe('createRunCoordinator', () => {
  it('createRunCoordinator lets one of two members of node-cron run each instant', async () => {
    const prefix = uniquePrefix('node-cron')
    const ran: string[] = []
    const skipped: string[] = []
    const start = (member: string): ScheduledTask => {
      const task = schedule('* * * * * *', ({ date }) => void ran.push(`${date.getTime()} ${member}`), {
        name: 'every-second',
        distributed: true,
        runCoordinator: create(prefix),
      })
      task.on('execution:skipped', ({ date, reason }) => void skipped.push(`${date.getTime()} ${reason}`))
      onTestFinished(async () => void (await task.destroy()))
      return task
    }
    start('a')
    start('b')
    await waitFor(() => ran.length >= 3 && skipped.length >= 3, { what: 'three instants' })
    const instants = ran.map((line) => line.split(' ')[0])
    expect(new Set(instants).size).toBe(instants.length)
    expect(skipped.every((line) => line.endsWith('not-elected'))).toBe(true)
  })

  it('createRunCoordinator keeps an instant claimed after its run, for a member whose clock is behind', async () => {
    const prefix = uniquePrefix('node-cron')
    const [fast, slow] = [create(prefix), create(prefix)]
    expect(await fast.shouldRun('backup:2026-11-02T03:00:00.000Z', 60_000)).toBe(true)
    await fast.onComplete('backup:2026-11-02T03:00:00.000Z')
    expect(await slow.shouldRun('backup:2026-11-02T03:00:00.000Z', 60_000)).toBe(false)
    expect(await slow.shouldRun('backup:2026-11-03T03:00:00.000Z', 60_000)).toBe(true)
    const [key] = await redis.client.keys(`{${prefix}}:node-cron:*02T03*`)
    expect(await redis.client.pttl(key ?? '')).toBeGreaterThan(50_000)
  })

  it('createRunCoordinator knows its own claim when the reply of the first try was lost', async () => {
    const proxy = await startRedisProxy(redis.url)
    onTestFinished(() => proxy.close())
    const coordinator = create(uniquePrefix('node-cron'), redis.connect(proxy.url))
    await coordinator.shouldRun('warm:up', 1_000)
    proxy.loseRepliesFrom('set')
    const answer = coordinator.shouldRun('backup:now', 60_000)
    await waitFor(async () => (await redis.client.keys('*backup:now')).length > 0, { what: 'the claim' })
    proxy.loseRepliesFrom('nothing more')
    proxy.cut()
    expect(await answer).toBe(true)
  })

  it('createRunCoordinator rejects when Redis cannot be reached, so that no member runs', async () => {
    const coordinator = create(uniquePrefix('node-cron'), 'redis://127.0.0.1:1')
    await expect(coordinator.shouldRun('backup:now', 1_000)).rejects.toThrow()
  })

  it('createRunCoordinator uses a live client of the caller and leaves it open', async () => {
    const client = redis.connect()
    const coordinator = createRunCoordinator({ redis: client, prefix: uniquePrefix('node-cron') })
    expect(await coordinator.shouldRun('backup:now', 1_000)).toBe(true)
    await coordinator.close()
    expect(await client.ping()).toBe('PONG')
  })

  it.each([
    ['', 1_000, 'key'],
    ['backup:now', 0, 'ttlMs'],
    ['backup:now', 1.5, 'ttlMs'],
  ])('createRunCoordinator refuses the key %j with the lease %d', async (key, ttlMs, field) => {
    const coordinator = create(uniquePrefix('node-cron'))
    await expect(coordinator.shouldRun(key, ttlMs)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS', field })
  })

  it('createRunCoordinator refuses invalid options', () => {
    expect(() => createRunCoordinator({ prefix: '{x}' })).toThrow(/^prefix: /)
  })
})
