import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

// The first worker of a process warms up, so this file has one worker only.
it('diagnostics channels report no run of the warm-up of the first worker of a process', async () => {
  const workers: string[] = []
  const keep = (message: unknown) => {
    const { worker, run } = message as { worker?: string; run?: { worker: string } }
    workers.push((worker ?? run?.worker)!)
  }
  const names = ['everybeat:claim', 'everybeat:settle', 'everybeat:skip', 'tracing:everybeat:run:start']
  for (const name of names) subscribe(name, keep)
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix(), logger: false })
  onTestFinished(async () => {
    for (const name of names) unsubscribe(name, keep)
    await beat.stop({ timeoutMs: 0 })
  })
  beat.task('work', () => {})
  await beat.schedules.put('once', { task: 'work', at: new Date() })
  await beat.start()
  await waitFor(async () => (await beat.schedules.history('once')).length === 1, { what: 'the run' })
  const { worker } = beat.health()
  expect(new Set(workers)).toEqual(new Set([worker]))
})
