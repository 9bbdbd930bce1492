import { Redis, type RedisOptions } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

function liveClient(options: RedisOptions): Redis {
  const client = new Redis(redis.url, options)
  onTestFinished(() => client.disconnect())
  return client
}

describe('the options of ioredis', () => {
  const address = (): RedisOptions => ({ host: '127.0.0.1', port: redis.port })

  it.each([
    ['enableOfflineQueue: false, with options', () => ({ ...address(), enableOfflineQueue: false })],
    ['stringNumbers: true, with options', () => ({ ...address(), stringNumbers: true })],
    ['stringNumbers: true, with a live client', () => liveClient({ stringNumbers: true })],
    [
      'enableOfflineQueue: false, with a live client',
      () => liveClient({ enableOfflineQueue: false, lazyConnect: true }),
    ],
    ['maxRetriesPerRequest: 0, with a live client', () => liveClient({ maxRetriesPerRequest: 0 })],
    ['a command time-out, with options', () => ({ ...address(), commandTimeout: 5_000 })],
    [
      'a command time-out and pipelining, with a live client',
      () => liveClient({ commandTimeout: 5_000, enableAutoPipelining: true }),
    ],
    ['another database and readOnly, with options', () => ({ ...address(), db: 3, readOnly: true })],
    [
      'no reconnect and no resending, with options',
      () => ({ ...address(), retryStrategy: () => null, autoResendUnfulfilledCommands: false }),
    ],
    ['enableReadyCheck: false, with options', () => ({ ...address(), enableReadyCheck: false })],
    ['autoResubscribe: false, with options', () => ({ ...address(), autoResubscribe: false })],
  ] as const)(
    'a worker starts, runs longer than its lease and counts its runs with the ioredis options %s',
    async (_, source) => {
      const beat = fleet.create({ redis: source(), leaseMs: 500 })
      let signal: AbortSignal | undefined
      const task = beat.task('slow', async (run) => {
        signal = run.signal
        await new Promise((resolve) => setTimeout(resolve, 1_200))
        return 'done'
      })
      await beat.start()
      await task.schedule('slow', { at: new Date() })
      const entries = await waitFor(
        async () => {
          const found = await beat.schedules.history('slow')
          return found.length > 0 ? found : null
        },
        { what: 'the entry of the run' },
      )
      expect(entries).toMatchObject([{ outcome: 'ok', result: 'done' }])
      expect(signal?.aborted).toBe(false)
      expect(await beat.schedules.count()).toBe(1)
    },
  )
})

describe('a live client that many instances share', () => {
  it('a live client that many instances share has one listener for each event, and Node.js prints no warning', async () => {
    const client = liveClient({})
    await client.ping()
    const before = client.listenerCount('error')
    const warned = vi.fn<(warning: Error) => void>()
    process.on('warning', warned)
    const beats = Array.from({ length: 15 }, () => fleet.create({ redis: client }))
    await Promise.all(beats.map((beat) => beat.schedules.count()))
    expect(client.listenerCount('error') - before).toBe(1)
    await Promise.all(beats.map((beat) => beat.stop()))
    expect(client.listenerCount('error')).toBe(before)
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })
})

describe('a replica in place of the primary', () => {
  it('a replica is refused at the start, and the error names the server to pass instead', async () => {
    const replica = liveClient({})
    await replica.replicaof('127.0.0.1', 1)
    onTestFinished(async () => void (await replica.replicaof('NO', 'ONE')))
    const beat = new Everybeat({ redis: redis.url, prefix: 'replica', logger: false })
    onTestFinished(() => beat.stop())
    const error = await beat.schedules.put('a', { every: '1h' }).catch((reason: unknown) => reason as Error)
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION', field: 'redis' })
    expect((error as Error).message).toMatch(/is a replica and refuses writes: pass the address of the primary/)
  })
})

describe('a server with too few connections', () => {
  it('a server that has reached maxclients fails the start within its timeout, and the instance can be stopped', async () => {
    const admin = liveClient({})
    const info = await admin.info('clients')
    const used = Number(/connected_clients:(\d+)/.exec(info)![1])
    await admin.config('SET', 'maxclients', String(used + 1))
    onTestFinished(async () => void (await admin.config('SET', 'maxclients', '1000')))
    const beat = new Everybeat({ redis: redis.url, prefix: 'few', logger: false, connectTimeoutMs: 1_000 })
    await expect(beat.start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
    await beat.stop()
  })

  it('a server that has reached maxclients is diagnosed within the timeout', async () => {
    const admin = liveClient({})
    const beat = fleet.create({ connectTimeoutMs: 1_000 })
    await beat.schedules.count()
    const used = Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))![1])
    await admin.config('SET', 'maxclients', String(used))
    onTestFinished(async () => void (await admin.config('SET', 'maxclients', '1000')))
    const { findings } = await beat.diagnose()
    expect(findings.length).toBeGreaterThan(0)
  })
})

describe('a place that cannot serve a fleet', () => {
  it.each([
    ['a database that the server does not have, by a URL', () => `${redis.url}/99`, 'database 0'],
    [
      'a database that the server does not have, by options',
      () => ({ host: '127.0.0.1', port: redis.port, db: 99 }),
      'database 0',
    ],
  ] as const)('a place that cannot serve a fleet is refused, and nothing is written: %s', async (_, source, told) => {
    const beat = fleet.create({ redis: source() })
    const refused = { code: 'ERR_EVERYBEAT_CONNECTION', message: expect.stringContaining(told) }
    await expect(beat.schedules.put('it', { every: '1h' })).rejects.toMatchObject(refused)
    await expect(beat.start()).rejects.toMatchObject(refused)
    expect(await redis.client.keys(`{${fleet.prefix()}}:*`)).toEqual([])
  })

  it('a client that is subscribed to channels is refused, and the error says what to pass', async () => {
    const client = liveClient({})
    await client.subscribe('news')
    const beat = fleet.create({ redis: client })
    const refused = { code: 'ERR_EVERYBEAT_CONNECTION', message: expect.stringContaining('is subscribed') }
    await expect(beat.start()).rejects.toMatchObject(refused)
    await expect(beat.schedules.count()).rejects.toMatchObject(refused)
  })

  it('a client in monitor mode is refused, and the error says which client to pass instead', async () => {
    const options = { host: '127.0.0.1', port: redis.port, monitor: true }
    const refused = { code: 'ERR_EVERYBEAT_OPTIONS', field: 'redis.monitor' }
    expect(() => fleet.create({ redis: liveClient({ monitor: true }) })).toThrow(expect.objectContaining(refused))
    await expect(fleet.create({ redis: options }).start()).rejects.toMatchObject(refused)
  })
})
