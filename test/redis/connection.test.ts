import type { Socket } from 'node:net'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { openConnection } from '../../src/redis/connection/client.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
const fleet = useFleet(redis)

describe('the connection', () => {
  it('a connection that cannot be made fails the start with a clear error without the password', async () => {
    const beat = new Everybeat({ redis: 'redis://user:hunter2@127.0.0.1:1', connectTimeoutMs: 300, logger: false })
    const error = await beat.start().then(
      () => null,
      (reason: unknown) => reason as Error,
    )
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
    expect(error!.message).toContain('127.0.0.1:1')
    expect(error!.message).not.toContain('hunter2')
    await beat.stop()
  })

  it('a lost connection is reported and made again, and the schedules continue', async () => {
    const beat = fleet.create({ leaseMs: 1_000 })
    let runs = 0
    const task = beat.task('tick', () => void runs++)
    await task.schedule('tick', { every: '100ms' })
    await beat.start()
    await waitFor(() => runs > 2, { what: 'runs before the restart' })
    const lost = nextEvent(beat, 'connection:lost')
    const restored = nextEvent(beat, 'connection:restored')
    await redis.restart()
    await lost
    expect((await restored).downMs).toBeGreaterThan(0)
    const before = runs
    await waitFor(() => runs > before + 3, { what: 'runs after the restart' })
  })

  it('a connection that was lost while a command waited leaves no timer that would close the next connection', async () => {
    const { client } = openConnection({ kind: 'url', url: redis.url })
    const own = client as Redis
    // The types of ioredis call both private.
    const parts = own as unknown as { socketTimeoutTimer?: unknown; stream: Socket }
    await own.ping()
    const written = own.set(uniquePrefix(), 'text')
    expect(parts.socketTimeoutTimer).toBeDefined()
    const first = parts.stream
    first.destroy()
    expect(await written).toBe('OK')
    expect(parts.stream).not.toBe(first)
    expect(parts.socketTimeoutTimer).toBeUndefined()
    own.disconnect()
  })

  it('many calls wait for a connection that is not ready yet with one set of listeners', async () => {
    const client = new Redis(redis.url, { lazyConnect: true })
    const beat = fleet.create({ redis: client })
    const before = client.listenerCount('ready')
    const calls = Array.from({ length: 30 }, (_, index) => beat.schedules.put(`s${index}`, { every: '1h' }))
    await new Promise((resolve) => setImmediate(resolve))
    // One of ours, and one of ioredis itself while it connects.
    expect(client.listenerCount('ready') - before).toBeLessThanOrEqual(2)
    await Promise.all(calls)
    expect(await beat.schedules.count()).toBe(30)
    client.disconnect()
  })

  it('a connection that the user owns is neither changed nor closed', async () => {
    const client = new Redis(redis.url)
    await client.ping()
    const before = JSON.stringify(client.options)
    const commands = Object.keys(client).sort()
    const beat = fleet.create({ redis: client })
    const ran = new Promise((resolve) => beat.task('once', resolve))
    await beat.schedules.put('once', { at: new Date() })
    await beat.start()
    await ran
    await beat.stop()
    expect(client.status).toBe('ready')
    expect(JSON.stringify(client.options)).toBe(before)
    expect(Object.keys(client).sort()).toEqual(commands)
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
  })

  it('a connection with a keyPrefix is refused', () => {
    const client = new Redis(redis.url, { keyPrefix: 'app:', lazyConnect: true })
    expect(() => new Everybeat({ redis: client, logger: false })).toThrow(/keyPrefix/)
    client.disconnect()
  })

  it('a control client leaves no trace in the fleet, and stop closes its connection', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '1h' })
    expect(await beat.fleet()).toEqual([])
    expect(beat.health()).toMatchObject({ ok: false, state: 'idle' })
    await beat.stop()
    await expect(beat.schedules.get('a')).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
  })

  it('a started instance refuses a second start', async () => {
    const beat = fleet.create()
    await beat.start()
    await expect(beat.start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
    expect(beat.health()).toMatchObject({ ok: true, state: 'running' })
    expect(await beat.fleet()).toMatchObject([{ id: beat.health().worker, pid: process.pid }])
  })

  it('a connection to a fleet of another layout is refused at the start', async () => {
    await fleet.create().start()
    await redis.client.hset(`{${fleet.prefix()}}:meta`, 'layout', '99')
    await expect(fleet.create().start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_LAYOUT' })
  })
})
