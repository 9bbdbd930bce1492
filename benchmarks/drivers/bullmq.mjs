import { Queue, Worker } from 'bullmq'
import { PAYLOAD, chunksOf, idOf, nameOf } from '../harness/plans.mjs'
import { cronAt } from '../harness/time.mjs'

const QUEUE = 'benchmark'
// The cheapest for BullMQ: nothing is kept of a finished job.
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true }
const CHUNK = 1000

/** One BullMQ worker on the only queue. */
export async function startWorker({ url, settings, handle }) {
  const worker = new Worker(QUEUE, process, {
    connection: connectionOf(url),
    concurrency: 50,
    autorun: false,
    ...settings.bullmq,
  })
  worker.on('error', (error) => console.error(error))
  await worker.waitUntilReady()
  void worker.run()
  return { stop: () => worker.close(settings.force ?? false) }

  async function process(job) {
    // A scheduler's jobs are called `repeat:<scheduler>:<instant>`: the instant as BullMQ itself planned it.
    await handle(idOf(job.repeatJobKey), Number(job.id.slice(job.id.lastIndexOf(':') + 1)))
  }
}

export async function createRegistrar({ url }) {
  const queue = new Queue(QUEUE, { connection: connectionOf(url) })
  const put = (name, repeat) =>
    queue.upsertJobScheduler(name, repeat, { name: 'benchmark', data: PAYLOAD, opts: JOB_OPTIONS })
  return {
    async register(plans) {
      for (const chunk of chunksOf(plans, CHUNK)) {
        await Promise.all(
          chunk.map(({ name, plan }) => put(name, plan.everyMs ? { every: plan.everyMs } : { pattern: plan.cron })),
        )
      }
    },
    async edit({ id, instant }) {
      await put(nameOf(id), { pattern: cronAt(instant) })
    },
    close: () => queue.close(),
  }
}

function connectionOf(url) {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), maxRetriesPerRequest: null }
}
