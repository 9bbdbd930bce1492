import { describe, expect, it, onTestFinished } from 'vitest'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { startRedisProxy } from '../support/redis-proxy.js'

const redis = useRedis()
const fleet = useFleet(redis)
const subscribers = async (): Promise<unknown> =>
  ((await redis.client.pubsub('NUMSUB', `{${fleet.prefix()}}:wake`)) as unknown[])[1]

/** The calls of a listener, in order. */
function createListener() {
  const told: string[] = []
  return {
    told,
    listener: {
      onChange: (names: readonly string[]) => void told.push(...names),
      onGap: () => void told.push('(gap)'),
    },
  }
}

describe('schedules.watch', () => {
  it('an instance that is not started receives every kind of edit by others', async () => {
    const { told, listener } = createListener()
    await fleet.create().schedules.watch(listener)
    const other = fleet.create()
    await other.schedules.put('put', { task: 't', every: '1h' })
    await other.schedules.patch('put', { note: 'x' })
    await other.schedules.pause('put')
    await other.schedules.resume('put')
    await other.schedules.remove('put')
    await other.schedules.put('last', { task: 't', every: '1h' })
    await expect.poll(() => told.at(-1)).toBe('last')
    expect(told).toEqual([...Array.from({ length: 5 }, () => 'put'), 'last'])
  })

  it('an instance receives the edits on every shard, and a plain edit that a worker notices', async () => {
    const { told, listener } = createListener()
    await fleet.create({ shards: 3 }).schedules.watch(listener)
    const other = fleet.create({ shards: 3 })
    other.task('t', () => {})
    await other.start()
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`)
    await other.schedules.putMany(names.map((name) => ({ name, task: 't', every: '1h' })))
    await expect.poll(() => [...new Set(told)].sort()).toEqual([...names].sort())
    told.length = 0
    const [key] = await redis.client.keys(`{${fleet.prefix()}:*}:schedule:s7`)
    await redis.client.hset(key!, 'every', '2h')
    await expect.poll(() => told, { timeout: 20_000 }).toContain('s7')
  })

  it('a listener is called for a gap when its connection is restored, and for later edits', async () => {
    const proxy = await startRedisProxy(redis.url)
    onTestFinished(() => proxy.close())
    const { told, listener } = createListener()
    await fleet.create({ redis: proxy.url }).schedules.watch(listener)
    proxy.cut()
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(['(gap)'])
    await fleet.create().schedules.put('later', { task: 't', every: '1h' })
    await expect.poll(() => told).toEqual(['(gap)', 'later'])
  })

  it('the connection of a watch ends with close() and with the instance', async () => {
    const beat = fleet.create()
    const first = await beat.schedules.watch({ onChange: () => {} })
    await beat.schedules.watch({ onChange: () => {} })
    expect(await subscribers()).toBe(2)
    await first.close()
    await first.close()
    await expect.poll(subscribers).toBe(1)
    await beat.stop()
    await expect.poll(subscribers).toBe(0)
  })

  it('a listener without onChange is refused, and a stopped instance watches nothing', async () => {
    const beat = fleet.create()
    for (const wrong of [undefined, null, {}, () => {}]) {
      await expect(beat.schedules.watch(wrong as never)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS' })
    }
    await beat.stop()
    await expect(beat.schedules.watch({ onChange: () => {} })).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
  })
})
