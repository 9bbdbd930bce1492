import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { startProxy, type ChaosProxy } from '../chaos/proxy.js'
import { nextEvent } from '../support/fleet.js'
import { startRedisProxy } from '../support/redis-proxy.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

async function behindProxy(port: number): Promise<ChaosProxy> {
  const proxy = await startProxy(port)
  onTestFinished(() => proxy.close())
  return proxy
}

function create(options: EverybeatOptions): Everybeat {
  const beat = new Everybeat({ logger: false, ...options })
  onTestFinished(() => beat.stop({ timeoutMs: 500 }))
  return beat
}

/** The ids of the connections that only listen. */
async function listeners(client = redis.client): Promise<string[]> {
  const list = (await client.client('LIST')) as string
  return list.split('\n').flatMap((line) => {
    return line.includes('name=everybeat-subscriber') && / sub=[1-9]/.test(line) ? [/id=(\d+)/.exec(line)![1]!] : []
  })
}

describe('a connection that the network dropped', () => {
  it('a subscription notices that the network has dropped its connection, and gets announcements and edits again', async () => {
    const proxy = await behindProxy(redis.port)
    const prefix = uniquePrefix('silent')
    const beat = create({ redis: proxy.url, prefix, maxSleepMs: 60_000 })
    beat.task('work', () => {})
    await holdMaintenance(redis.client, [createKeys(prefix, 0, 1)])
    await beat.start()
    await waitFor(async () => (await listeners()).length === 2, { what: 'the fleet channel and the definition watch' })
    const before = await listeners()
    expect(proxy.silence('everybeat-subscriber')).toBe(2)
    await waitFor(async () => (await listeners()).filter((id) => !before.includes(id)).length === 2, {
      what: 'two new connections',
    })
    // The new subscription is active a moment before the worker gets the reply.
    const control = create({ redis: redis.url, prefix })
    await Promise.all([
      nextEvent(beat, 'run:started', ({ schedule }) => schedule === 'told'),
      control.schedules.put('told', { task: 'work', at: new Date(Date.now() + 300) }),
    ])
    await Promise.all([
      nextEvent(beat, 'run:started', ({ schedule }) => schedule === 'bare'),
      redis.client.hset(`{${prefix}}:schedule:bare`, { task: 'work', every: '200' }),
    ])
  })

  it('a subscription is not closed while its echoes arrive', async () => {
    const beat = create({ redis: redis.url, prefix: uniquePrefix('heard') })
    await beat.start()
    await waitFor(async () => (await listeners()).length >= 2, { what: 'the fleet channel and the definition watch' })
    const before = await listeners()
    const admin = redis.connect()
    let beats = 0
    // Each heartbeat says a word to its own worker.
    await admin.psubscribe('{heard*}:worker:*')
    await new Promise<void>((resolve) => {
      admin.on('pmessage', () => {
        beats += 1
        if (beats === 3) resolve()
      })
    })
    expect(await listeners()).toEqual(expect.arrayContaining(before))
  })
})

describe('a primary that was demoted under an open connection', () => {
  it.each([
    ['', {}],
    [' with claims that wait for replicas', { durability: { replicas: 1, timeoutMs: 500 } }],
  ])(
    'a primary that was demoted under an open connection is replaced by the new primary of the same host name%s',
    async (_with, options) => {
      const [old, promoted] = await Promise.all([startRedisServer(), startRedisServer()])
      for (const server of [old, promoted]) onTestFinished(() => server.stop())
      const [oldClient, promotedClient] = [redis.connect(old.url), redis.connect(promoted.url)]
      const follows = (port: number) => ['127.0.0.1', port] as const
      await promotedClient.replicaof(...follows(old.port))
      await waitFor(async () => (await promotedClient.info('replication')).includes('master_link_status:up'), {
        what: 'the replica to be in step',
      })
      const prefix = uniquePrefix('demoted')
      const proxy = await behindProxy(old.port)
      const beat = create({ redis: proxy.url, prefix, leaseMs: 2_000, ...options })
      beat.task('work', () => {})
      await beat.start()
      await beat.schedules.put('tick', { task: 'work', every: 200 })
      await nextEvent(beat, 'run:succeeded')
      // The name leads to the new primary from now on; no server closes a connection.
      proxy.targetPort = promoted.port
      await promotedClient.replicaof('NO', 'ONE')
      await oldClient.replicaof(...follows(promoted.port))
      await nextEvent(beat, 'connection:restored', () => true, 20_000)
      await nextEvent(beat, 'run:succeeded', () => true, 20_000)
      expect(await promotedClient.call('XLEN', `{${prefix}}:history:tick`)).toBeGreaterThan(0)
    },
  )
})

describe('a worker that stops', () => {
  it('a worker that stops while its subscription reconnects leaves no unhandled rejection, which would end the process', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const proxy = await startRedisProxy(redis.url)
    onTestFinished(() => proxy.close())
    const beat = create({ redis: proxy.url, prefix: uniquePrefix('stops') })
    beat.task('work', () => {})
    await beat.start()
    await waitFor(() => (proxy.counts.get('subscribe') ?? 0) >= 2, { what: 'both subscriptions' })
    const before = proxy.counts.get('subscribe')!
    proxy.loseRepliesFrom('subscribe')
    proxy.cut()
    await waitFor(() => proxy.counts.get('subscribe')! > before, { what: 'a new subscription' })
    await beat.stop({ timeoutMs: 100 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
