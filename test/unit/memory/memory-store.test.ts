import { afterEach, describe, expect, it } from 'vitest'
import { Redis, type RedisOptions } from 'ioredis'
import { createConnectorClass, MemoryStore, openMemoryStream } from '../../../src/memory/index.js'

const clients: Redis[] = []

function connect(store: MemoryStore, options: RedisOptions = {}): Redis {
  const Connector = createConnectorClass(() => openMemoryStream(store)) as never
  const client = new Redis({ ...options, Connector })
  clients.push(client)
  return client
}

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

describe('a store in memory', () => {
  it('a key expires when the injected clock reaches its expiry, and not before', async () => {
    let nowMs = 1_000
    const client = connect(new MemoryStore(() => nowMs))
    await client.set('key', 'value', 'PX', 500)
    nowMs = 1_499
    expect(await client.pttl('key')).toBe(1)
    expect(await client.get('key')).toBe('value')
    nowMs = 1_500
    expect(await client.get('key')).toBeNull()
    expect(await client.dbsize()).toBe(0)
  })

  it('a script reads the same time of the injected clock from its start to its end', async () => {
    let nowMs = 1_700_000_000_123.456
    const client = connect(new MemoryStore(() => (nowMs += 1)))
    const [first, second] = (await client.eval("return {redis.call('TIME')[2], redis.call('TIME')[2]}", 0)) as string[]
    expect(second).toBe(first)
  })

  it('stored bytes are returned unchanged, also by a script', async () => {
    const client = connect(new MemoryStore())
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    await client.set('key', bytes)
    expect(await client.getBuffer('key')).toEqual(bytes)
    expect(await client.callBuffer('EVAL', "return redis.call('GET', KEYS[1])", '1', 'key')).toEqual(bytes)
  })

  it('a client that tracks a prefix gets one message for each key that a command changed', async () => {
    const store = new MemoryStore()
    const [watcher, writer] = [connect(store), connect(store)]
    const told: string[][] = []
    watcher.on('messageBuffer', (_channel: Buffer, keys: Buffer[]) => told.push(keys.map(String)))
    const id = (await watcher.client('ID')) as number
    await watcher.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', 'PREFIX', 'a:')
    await watcher.subscribe('__redis__:invalidate')
    await writer.eval("for i = 1, 3 do redis.call('HSET', 'a:1', i, i) end redis.call('SET', 'b:1', 1)", 0)
    await writer.set('a:2', 'x')
    await writer.ping()
    expect(told).toEqual([['a:1'], ['a:2']])
  })

  it('a transaction does not run when a watched key was changed after WATCH', async () => {
    const store = new MemoryStore()
    const [one, other] = [connect(store), connect(store)]
    await one.watch('key')
    await other.set('key', '1')
    expect(await one.multi().set('key', '2').exec()).toBeNull()
    expect(await one.get('key')).toBe('1')
  })

  it('keyspace notifications report edits when they are switched on', async () => {
    const store = new MemoryStore()
    const [listener, writer] = [connect(store), connect(store)]
    await writer.config('SET', 'notify-keyspace-events', 'Kh')
    const heard: string[] = []
    listener.on('pmessage', (_pattern: string, channel: string, event: string) => heard.push(`${channel} ${event}`))
    await listener.psubscribe('__keyspace@0__:*')
    await writer.hset('hash', 'field', '1')
    await writer.set('text', '1')
    await writer.ping()
    expect(heard).toEqual(['__keyspace@0__:hash hset'])
  })

  it('WAIT answers 0 replicas after its timeout', async () => {
    const client = connect(new MemoryStore())
    const order: string[] = []
    const waiting = client.wait(1, 20).then((count) => order.push(`wait ${count}`))
    const behind = client.ping().then(() => order.push('ping'))
    await Promise.all([waiting, behind])
    expect(order).toEqual(['wait 0', 'ping'])
  })

  it('a connection without the password is refused, and a connection with the password is accepted', async () => {
    const store = new MemoryStore()
    store.settings.set('requirepass', 'secret')
    const client = connect(store, { enableReadyCheck: false })
    await expect(client.call('GET', 'key')).rejects.toThrow('NOAUTH')
    await client.auth('secret')
    expect(await client.get('key')).toBeNull()
  })
})
