import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const LEASE_MS = 500

/** Blocks the event loop, as a handler does that computes for a long time. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Runs a handler that blocks the event loop for three leases. */
async function runBlocking(leaseKeeper: 'loop' | 'thread') {
  const prefix = uniquePrefix()
  const beat = new Everybeat({ redis: redis.url, prefix, leaseMs: LEASE_MS, leaseKeeper, logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 100 }))
  const lost: unknown[] = []
  beat.on('lease:lost', (event) => lost.push(event))
  let wasAborted: boolean | null = null
  beat.task('block', async ({ signal }) => {
    block(LEASE_MS * 3)
    await new Promise((resolve) => setTimeout(resolve, 50))
    wasAborted = signal.aborted
  })
  await beat.start()
  await beat.schedules.put('heavy', { task: 'block', at: new Date(Date.now() + 100) })
  const history = await waitFor(
    async () => {
      const entries = await beat.schedules.history('heavy')
      return entries.length > 0 && entries
    },
    { what: 'the end of the run' },
  )
  return { history, lost, wasAborted }
}

describe('a handler that blocks the event loop beyond its lease', () => {
  it('a handler that blocks the event loop beyond its lease loses it without a lease thread: its signal aborts, and its end is not recorded as ok', async () => {
    const { history, lost, wasAborted } = await runBlocking('loop')
    expect(wasAborted).toBe(true)
    expect(history).toMatchObject([{ outcome: 'abandoned' }])
    expect(lost).not.toEqual([])
  })

  it('a handler that blocks the event loop beyond its lease keeps the lease with a lease thread', async () => {
    const { history, lost, wasAborted } = await runBlocking('thread')
    expect(wasAborted).toBe(false)
    expect(history).toMatchObject([{ outcome: 'ok', attempt: 1 }])
    expect(lost).toEqual([])
  })
})

describe('a lease thread', () => {
  it('a lease thread gets the ioredis options, names those that a thread cannot have, and leaves no connection open', async () => {
    const { port } = new URL(redis.url)
    const named = { host: '127.0.0.1', port: Number(port), connectionName: uniquePrefix('keeper') }
    const connections = async () => {
      const list = String(await redis.client.client('LIST'))
      return list.split('\n').filter((line) => line.includes(`name=${named.connectionName} `)).length
    }
    const options = { prefix: uniquePrefix(), logger: false, leaseKeeper: 'thread' } as const
    const beat = new Everybeat({ ...options, redis: named })
    await beat.start()
    expect(await connections()).toBeGreaterThanOrEqual(2)
    await beat.stop()
    await waitFor(async () => (await connections()) === 0, { what: 'all connections to be closed' })
    expect(() => new Everybeat({ ...options, redis: { ...named, retryStrategy: () => 100 } })).toThrow(
      /leaseKeeper.*retryStrategy/s,
    )
    expect(() => new Everybeat({ ...options, redis: redis.client })).toThrow(/leaseKeeper.*live client/s)
  })
})
