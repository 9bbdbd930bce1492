import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { countCommands, scriptCalls } from '../../support/command-counts.js'
import { createFakeClock } from '../../support/fake-clock.js'
import { startRedisProxy } from '../../support/redis-proxy.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { ensureTool } from '../../support/tools.js'
import { waitFor } from '../../support/wait-for.js'
import { spawnWorker } from '../../support/worker-process.js'

const redis = useRedis()
const echo = new URL('../../support/fixtures/echo-worker.mjs', import.meta.url)

async function startProxy() {
  const proxy = await startRedisProxy(redis.url)
  const client = new Redis(proxy.url, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  })
  client.on('error', () => {})
  onTestFinished(async () => {
    client.disconnect()
    await proxy.close()
  })
  await client.connect()
  proxy.reset()
  return { proxy, client }
}

describe('countCommands', () => {
  it('countCommands counts the commands of clients and of scripts, and not its own', async () => {
    const key = uniquePrefix()
    await redis.client.set(key, 'x')
    const counts = await countCommands(redis.url, async () => {
      await redis.client.get(key)
      await redis.client.eval("redis.call('SET', KEYS[1], '1') return redis.call('GET', KEYS[1])", 1, key)
    })
    expect(scriptCalls(counts)).toBe(1)
    expect([counts.get('get'), counts.get('set'), counts.get('info')]).toEqual([2, 1, undefined])
  })
})

describe('startRedisProxy', () => {
  it('startRedisProxy counts the commands of clients, whatever their size, and no commands of scripts', async () => {
    const { proxy, client } = await startProxy()
    const value = `\r\n*1\r\n$4\r\nPING\r\n${'é'.repeat(300_000)}`
    await client.set(uniquePrefix(), value)
    await Promise.all(Array.from({ length: 50 }, () => client.ping()))
    await client.eval("return redis.call('PING')", 0)
    expect(Object.fromEntries(proxy.counts)).toEqual({ set: 1, ping: 50, eval: 1 })
    expect(proxy.total()).toBe(52)
  })

  it('startRedisProxy loses replies to commands that the server carried out', async () => {
    const { proxy, client } = await startProxy()
    const key = uniquePrefix()
    proxy.setTraffic('lose-replies')
    const lost = client.incr(key)
    await waitFor(() => redis.client.exists(key), { what: 'the command to arrive' })
    proxy.setTraffic('pass')
    await expect(lost).rejects.toThrow()
    expect(await redis.client.get(key)).toBe('1')
  })

  it('startRedisProxy holds a command back while it is frozen', async () => {
    const { proxy, client } = await startProxy()
    const key = uniquePrefix()
    proxy.setTraffic('freeze')
    const held = client.incr(key)
    await redis.client.ping()
    expect(await redis.client.exists(key)).toBe(0)
    proxy.setTraffic('pass')
    expect(await held).toBe(1)
  })

  it('startRedisProxy closes open connections and refuses new ones until traffic passes', async () => {
    const { proxy, client } = await startProxy()
    proxy.setTraffic('refuse')
    await expect(client.ping()).rejects.toThrow()
    const refused = redis.connect(proxy.url)
    await new Promise((resolve) => refused.once('close', resolve))
    proxy.setTraffic('pass')
    expect(await refused.ping()).toBe('PONG')
  })
})

describe('spawnWorker', () => {
  it('spawnWorker collects the messages of the process, from ready on', async () => {
    const worker = await spawnWorker({ fixture: echo, settings: { a: 1 } })
    worker.send({ text: 'hello' })
    expect(await worker.next('echo')).toMatchObject({ message: { text: 'hello' } })
    expect(worker.journal.map((entry) => entry.event)).toEqual(['ready', 'echo'])
    expect(worker.journal[0]).toMatchObject({ settings: { a: 1 } })
    expect(await worker.stop()).toBe(7)
  })

  it('spawnWorker fails the wait for a message that the process never sends, with all messages that it sent', async () => {
    const worker = await spawnWorker({ fixture: echo })
    await expect(worker.next('never', undefined, 50)).rejects.toThrow(
      /did not send "never" in 50 ms. Its messages: ready/,
    )
    const ended = worker.next('never')
    await Promise.all([worker.kill(), expect(ended).rejects.toThrow('ended before "never"')])
  })

  it('spawnWorker fails with the output of a process that never gets ready', async () => {
    await expect(spawnWorker({ fixture: '/nowhere.mjs' })).rejects.toThrow(/ended before "ready".*Cannot find module/s)
  })

  it('spawnWorker runs under another wall clock', async (ctx) => {
    const tool = await ensureTool('faketime')
    if (tool.kind === 'missing') return ctx.skip(tool.reason)
    using clock = await createFakeClock(tool.path, '+3h')
    const worker = await spawnWorker({ fixture: echo, env: clock.env })
    const aheadMs = async (): Promise<number> => {
      worker.send({})
      const entry = await worker.next('echo')
      return (entry['now'] as number) - entry.receivedAt
    }
    expect(worker.journal[0]?.['now']).toBeGreaterThan(Date.now() + 2.9 * 3_600_000)
    clock.jumpTo('-2h')
    expect(await aheadMs()).toBeLessThan(-1.9 * 3_600_000)
    expect(await worker.stop()).toBe(7)
  })
})

describe('waitFor', () => {
  it('waitFor returns the value, and its error names the awaited event', async () => {
    let looks = 0
    expect(await waitFor(() => (looks += 1) > 2 && 'seen', { what: 'the third look' })).toBe('seen')
    await expect(waitFor(() => null, { what: 'a moon', timeoutMs: 20 })).rejects.toThrow(
      /20 ms without success for a moon; .*null/,
    )
    const failing = waitFor(() => Promise.reject(new Error('no key')), { what: 'a key', timeoutMs: 20 })
    await expect(failing).rejects.toThrow(/it threw: no key/)
  })
})
