import { Queue, Worker } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'
import { spawnWorker, type WorkerProcess } from '../../support/worker-process.js'

const redis = useRedis()
const SCHEDULES = 25
const OCCURRENCES_EACH = 40
const KILLS = 4

describe('a thousand occurrences on two workers, which are killed between job and settlement', () => {
  const prefix = uniquePrefix('bullmq')
  const queueName = `${prefix}-reports`
  let queue: Queue
  let consumer: Worker
  let beat: Everybeat
  const worked: string[] = []

  beforeAll(() => {
    const connection = { host: '127.0.0.1', port: redis.port }
    queue = new Queue(queueName, { connection, streams: { events: { maxLen: 100_000 } } })
    beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    consumer = new Worker(queueName, async (job) => void worked.push(job.id ?? ''), {
      connection: { ...connection, maxRetriesPerRequest: null },
      concurrency: 20,
    })
  })
  afterAll(async () => {
    await consumer.close()
    await queue.close()
    await beat.stop()
  })

  const startWorker = (): Promise<WorkerProcess> =>
    spawnWorker({
      fixture: new URL('../../support/fixtures/bullmq-enqueuer.mjs', import.meta.url),
      settings: { redis: redis.url, port: redis.port, prefix, queueName },
    })

  it('each of a thousand jobs is added once, whatever runs are repeated', async () => {
    let fleet = [await startWorker(), await startWorker()]
    const start = Date.now() + 1_000
    await beat.schedules.putMany(
      Array.from({ length: SCHEDULES }, (_, index) => ({
        // A colon is the one sign that BullMQ refuses in an id.
        name: `report:${index}`,
        task: 'enqueue',
        every: '150ms',
        start: new Date(start),
        limit: OCCURRENCES_EACH,
        overlap: 'allow' as const,
        misfire: 'all' as const,
        maxCatchUp: 1_000,
        onCrash: 'rerun' as const,
        maxDeliveries: 20,
      })),
    )
    for (let kill = 0; kill < KILLS; kill += 1) {
      const [victim, survivor] = fleet as [WorkerProcess, WorkerProcess]
      victim.send({ dieIn: 10 })
      await victim.untilGone()
      fleet = [survivor, await startWorker()]
    }
    const total = SCHEDULES * OCCURRENCES_EACH
    const countRuns = async (): Promise<number> => {
      const names = Array.from({ length: SCHEDULES }, (_, index) => `report:${index}`)
      const histories = await Promise.all(names.map((name) => beat.schedules.history(name, { limit: 1_000 })))
      return histories.flat().filter(({ outcome }) => outcome === 'ok').length
    }
    await waitFor(async () => (await countRuns()) === total, { what: 'all runs', timeoutMs: 90_000, intervalMs: 200 })
    await waitFor(() => worked.length >= total, { what: 'all jobs', timeoutMs: 60_000 })

    const events = await redis.client.xrange(`bull:${queueName}:events`, '-', '+')
    const jobsOf = (kind: string) =>
      events.flatMap(([, fields]) => {
        const event = Object.fromEntries(fields.flatMap((field, i) => (i % 2 ? [] : [[field, fields[i + 1]]])))
        return event['event'] === kind ? [String(event['jobId'])] : []
      })
    const added = jobsOf('added')
    expect(added).toHaveLength(total)
    expect(new Set(added).size).toBe(total)
    expect([...worked].sort()).toEqual([...added].sort())
    // The kills did bring jobs a second time, and BullMQ refused them: otherwise this test shows nothing.
    expect(jobsOf('deduplicated').length + jobsOf('duplicated').length).toBeGreaterThanOrEqual(KILLS)
    for (const worker of fleet) expect(await worker.stop()).toBe(0)
  })
})
