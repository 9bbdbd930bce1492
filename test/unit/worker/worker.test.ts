import { expect, it } from 'vitest'
import { createStubStore } from '../../../src/redis/stores/stub-store.js'
import { SYSTEM_TIME } from '../../../src/time-source.js'
import { SampledRedisClock } from '../../../src/worker/loop/redis-clock.js'
import type { HeartbeatReply, WorkerStore } from '../../../src/worker/store.js'
import { Worker } from '../../../src/worker/worker.js'

const monotonic = () => performance.now()

it('a worker leaves the fleet after its heartbeats are answered, because a later heartbeat would add it again', async () => {
  const clock = new SampledRedisClock(monotonic, Date.now)
  clock.sample(monotonic(), monotonic(), Date.now())
  const sent: string[] = []
  let refuse = (_error: Error): void => {}
  const store: WorkerStore = Object.assign(createStubStore(clock, monotonic, 0), {
    heartbeat: () =>
      new Promise<HeartbeatReply>((_resolve, reject) => {
        sent.push('heartbeat')
        refuse = reject
      }),
    leave: () => Promise.resolve(void sent.push('leave')),
  })
  const options = {
    id: 'w',
    concurrency: 1,
    leaseMs: 30_000,
    leaseThread: null,
    maxSleepMs: 5_000,
    beatMs: 5_000,
    pool: 'default',
    tz: '',
    tasks: new Map(),
    emit: () => {},
    time: SYSTEM_TIME,
    describe: () => ({}),
    onDataLoss: () => {},
    taskQueues: () => ({ overdue: () => Promise.resolve([]), served: () => Promise.resolve(new Set<string>()) }),
    onWatchDuty: () => {},
    onReply: () => {},
  }
  const worker = new Worker(options, [store])
  const started = worker.start().catch(({ message }: Error) => message)
  const stopped = worker.stop(100)
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toEqual(['heartbeat'])
  refuse(new Error('too late'))
  await stopped
  expect(await started).toBe('too late')
  expect(sent).toEqual(['heartbeat', 'leave'])
})
