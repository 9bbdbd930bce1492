import { describe, expect, it } from 'vitest'
import { Everybeat, type DefinitionInput, type DefinitionShape } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { spawnWorker, type WorkerProcess } from '../support/worker-process.js'

const redis = useRedis()
const WORKER = new URL('../support/fixtures/beat-worker.mjs', import.meta.url)
const LEASE_MS = 1_000
/** Longer than a lease, and than the heartbeat after it: others have looked. */
const BLOCK_MS = 8_000

interface Fleet {
  prefix: string
  workers: WorkerProcess[]
  historyOf(name: string): Promise<Awaited<ReturnType<Everybeat['schedules']['history']>>>
}

/** Two workers and one schedule that is due at once. */
async function startFleet(leaseKeeper: 'loop' | 'thread', definition: Partial<DefinitionShape>): Promise<Fleet> {
  const prefix = uniquePrefix('keeper')
  const options = { redis: redis.url, prefix, leaseMs: LEASE_MS, leaseKeeper }
  const spawn = () => spawnWorker({ fixture: WORKER, settings: { options, tellEvents: true, tellRuns: true } })
  const workers = await Promise.all([spawn(), spawn()])
  const control = new Everybeat({ redis: redis.url, prefix, logger: false })
  await control.schedules.put('heavy', {
    task: 'work',
    at: new Date(Date.now() + 300),
    ...definition,
  } as DefinitionInput)
  await control.stop()
  const historyOf = async (name: string) => {
    const reader = new Everybeat({ redis: redis.url, prefix, logger: false })
    try {
      return await waitFor(
        async () => {
          const entries = await reader.schedules.history(name)
          return entries.length > 0 && entries
        },
        { what: 'the history', timeoutMs: 40_000, intervalMs: 100 },
      )
    } finally {
      await reader.stop()
    }
  }
  return { prefix, workers, historyOf }
}

/** The worker that starts the run, and the other one. */
async function untilStarted({ workers }: Fleet): Promise<[WorkerProcess, WorkerProcess]> {
  const first = await Promise.race(workers.map((worker) => worker.next('start').then(() => worker)))
  return [first, workers.find((worker) => worker !== first)!]
}

const startsOf = (worker: WorkerProcess) => worker.journal.filter(({ event }) => event === 'start')

describe('a process whose event loop is blocked beyond the lease', () => {
  it('a process whose event loop is blocked beyond the lease loses the run to another worker, which starts after the lease, and does not end the run', async () => {
    const fleet = await startFleet('loop', {
      payload: { blockMs: BLOCK_MS, ms: 1 },
      onCrash: 'rerun',
      maxDeliveries: 2,
    })
    const [first, second] = await untilStarted(fleet)
    const taken = await second.next('start')
    expect(Number(taken.at) - Number(startsOf(first)[0]!.at)).toBeGreaterThan(LEASE_MS * 0.9)
    // It learns of the loss, and by then the run is the other's.
    await first.next('lease:lost', undefined, 40_000)
    const history = await fleet.historyOf('heavy')
    expect(history).toHaveLength(1)
    expect(history[0]).toMatchObject({ fence: taken.fence, worker: taken.worker })
    expect(startsOf(first)).toHaveLength(1)
  })

  it('a process whose event loop is blocked beyond the lease keeps the run with a lease thread: no worker takes over, and the run ends ok', async () => {
    const fleet = await startFleet('thread', { payload: { blockMs: BLOCK_MS, ms: 1 }, onCrash: 'rerun' })
    const [first, second] = await untilStarted(fleet)
    const history = await fleet.historyOf('heavy')
    expect(history).toMatchObject([{ outcome: 'ok', attempt: 1, fence: startsOf(first)[0]!.fence }])
    expect(Number(history[0]!.durationMs)).toBeGreaterThanOrEqual(BLOCK_MS)
    expect(startsOf(second)).toEqual([])
    expect(first.journal.filter(({ event }) => event === 'lease:lost')).toEqual([])
  })

  it.each([
    { bound: 'the time-out of the run', definition: { timeout: 3_000 }, boundMs: 3_000 },
    { bound: 'ten leases, without a time-out', definition: {}, boundMs: 10 * LEASE_MS },
  ])('a process whose event loop is blocked for ever loses its run after $bound', async ({ definition, boundMs }) => {
    const hangs = { payload: { blockMs: 120_000 }, onCrash: 'rerun', maxDeliveries: 2 } as const
    const fleet = await startFleet('thread', { ...hangs, ...definition })
    const [first, second] = await untilStarted(fleet)
    const taken = await second.next('start')
    const waitedMs = Number(taken.at) - Number(startsOf(first)[0]!.at)
    expect(waitedMs).toBeGreaterThan(boundMs)
  })

  it('a process whose event loop is blocked beyond the lease learns afterwards that its lease thread has lost the lease', async () => {
    const fleet = await startFleet('thread', { payload: { blockMs: 4_000, ms: 1_000 } })
    const [first] = await untilStarted(fleet)
    await redis.client.del(`{${fleet.prefix}}:lease:heavy`)
    const event = await first.next('lease:lost')
    expect(event.reason).toContain('does not hold it')
    expect(await fleet.historyOf('heavy')).toMatchObject([{ outcome: 'abandoned' }])
  })

  it('a process with a lease thread that dies loses its run', async () => {
    const fleet = await startFleet('thread', { payload: { ms: 5_000 }, onCrash: 'rerun' })
    const [first, second] = await untilStarted(fleet)
    await first.kill()
    await second.next('start', ({ id }) => String(id).startsWith('heavy@'))
    expect(await fleet.historyOf('heavy')).toMatchObject([{ outcome: 'ok', attempt: 1 }])
  })
})
