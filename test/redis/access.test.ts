import { describe, expect, it, onTestFinished } from 'vitest'
import { aclRules, Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

async function createUser(shards: number) {
  const prefix = uniquePrefix('acl')
  const user = `user-${prefix}`
  await redis.client.call('ACL', 'SETUSER', ...aclRules({ user, prefix, shards }), '>secret')
  await redis.client.call('ACL', 'LOG', 'RESET')
  const url = `redis://${user}:secret@127.0.0.1:${redis.port}`
  return {
    prefix,
    url,
    create(options = {}) {
      const beat = new Everybeat({ redis: url, prefix, shards, logger: false, leaseMs: 1_000, ...options })
      onTestFinished(() => beat.stop({ timeoutMs: 500 }))
      return beat
    },
    refused: () => redis.client.call('ACL', 'LOG') as Promise<unknown[]>,
  }
}

describe('a user with the rights that `aclRules` names', () => {
  it.each([1, 3])('can do everything with %i shards, and is refused nothing on the way', async (shards) => {
    const user = await createUser(shards)
    const beat = user.create()
    const errors: string[] = []
    beat.on('error', ({ context, message }) => void errors.push(`${context}: ${message}`))
    const ran: string[] = []
    beat.task('job', { maxConcurrent: 2 }, (run) => {
      ran.push(run.schedule)
      if (run.schedule === 'fails') throw new Error('no luck')
    })
    const long = beat.task(
      'long',
      { maxConcurrent: 1 },
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
    )
    await beat.start()
    const { schedules } = beat
    await schedules.putMany([
      { name: 'often', every: '100ms', task: 'job' },
      { name: 'fails', every: '200ms', task: 'job', retries: 1, backoff: { type: 'fixed', delay: 50 } },
      { name: 'zoned', cron: '* * * * * *', tz: 'Asia/Tokyo', task: 'job', overlap: 'queue' },
      { name: 'elsewhere', every: '100ms', task: 'nobody' },
      { name: 'soon-gone', at: new Date(Date.now() + 300), task: 'job', removeAfter: '100ms' },
    ])
    await beat.sync({ synced: { every: '1h', task: 'job' } }, { owner: 'me', prune: 'remove', version: '1' })
    const { runId } = await long.run()
    await schedules.backfill('often', { from: new Date(Date.now() - 500), to: new Date() })
    await schedules.trigger('often', { payload: 1 })
    await schedules.patch('often', { note: 'edited' })
    await schedules.pause('often')
    await schedules.resume('often')
    await waitFor(() => ['often', 'fails', 'zoned', 'soon-gone'].every((name) => ran.includes(name)), {
      what: 'all runs',
    })
    await waitFor(async () => (await schedules.runs({ state: 'running' })).some((run) => run.runId === runId), {
      what: 'the long run',
    })
    // Longer than its lease, so that it was extended.
    await new Promise((resolve) => beat.once('run:succeeded', resolve))
    await schedules.cancel(runId)
    await waitFor(async () => (await schedules.get('soon-gone')) === null, { what: 'the removal' })
    expect((await schedules.list({ match: '*' })).length).toBeGreaterThanOrEqual(5)
    expect(await schedules.count()).toBeGreaterThanOrEqual(5)
    expect((await schedules.history('often')).length).toBeGreaterThan(0)
    expect((await schedules.explain('elsewhere')).reasons.map(({ code }) => code)).toContain('no-worker')
    expect((await schedules.next('often', 1)).length).toBe(1)
    expect(await beat.fleet()).toHaveLength(1)
    await schedules.remove('fails')
    await beat.stop()
    expect(errors).toEqual([])
    expect(await user.refused()).toEqual([])
  })

  it('sees edits by plain commands as they happen, and may make them', async () => {
    const user = await createUser(1)
    const beat = user.create()
    const ran = new Promise((resolve) => beat.task('job', resolve))
    await beat.start()
    await redis.connect(user.url).hset(`{${user.prefix}}:schedule:bare`, { every: '200ms', task: 'job' })
    await ran
    expect((await user.create().diagnose()).findings.find(({ check }) => check === 'edits')).toMatchObject({
      level: 'ok',
    })
  })

  it('may touch nothing else', async () => {
    const user = await createUser(1)
    const client = redis.connect(user.url)
    await expect(client.get('other')).rejects.toThrow('NOPERM')
    await expect(client.publish('other', 'x')).rejects.toThrow('NOPERM')
    await expect(client.flushall()).rejects.toThrow('NOPERM')
    await expect(client.keys('*')).rejects.toThrow('NOPERM')
    await expect(client.config('GET', 'save')).rejects.toThrow('NOPERM')
  })
})
