// One process that keeps the time and works the queue. Start as many as you like: each occurrence becomes one job.
import { Queue, Worker } from 'bullmq'
import { Everybeat } from 'everybeat'
import { attach, enqueue } from 'everybeat/bullmq'

const { hostname, port } = new URL(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const connection = { host: hostname, port: Number(port || 6379), maxRetriesPerRequest: null }
const prefix = process.env.PREFIX ?? 'everybeat'

const queue = new Queue(`${prefix}-reports`, { connection })
const worker = new Worker(
  queue.name,
  async (job) => console.log(`${job.id}: report to ${(job.data as { to: string }).to}`),
  { connection },
)

const beat = new Everybeat({ prefix })
const report = beat.task('report', enqueue(queue, { opts: { removeOnComplete: true } }))
await report.schedule('report', { every: '1s', payload: { to: 'ops' }, onCrash: 'rerun' })

const both = await attach(worker, beat)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void both.close().then(() => queue.close()))
