import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { spawnWorker, type WorkerProcess } from '../support/worker-process.js'

const redis = useRedis()
const WORKER = new URL('../support/fixtures/beat-worker.mjs', import.meta.url)
/** Enough for a worker and its runs, and soon full. */
const HEAP_ENV = { NODE_OPTIONS: '--max-old-space-size=48' }

/** A fleet of two whose dead are replaced, as a process manager does. */
function keepFleet(prefix: string) {
  const all: WorkerProcess[] = []
  let deaths = 0
  let isOver = false
  const keep = async (): Promise<void> => {
    while (!isOver) {
      const settings = { options: { redis: redis.url, prefix, leaseMs: 1_000 }, tellRuns: true }
      const worker = await spawnWorker({ fixture: WORKER, settings, env: HEAP_ENV })
      all.push(worker)
      if (isOver) await worker.kill()
      await worker.untilGone()
      deaths += 1
    }
  }
  const keeping = [keep(), keep()]
  onTestFinished(async () => {
    isOver = true
    await Promise.all(all.map((worker) => worker.kill()))
    await Promise.allSettled(keeping)
  })
  return {
    deaths: () => deaths,
    startsOf: (name: string) =>
      all.flatMap(({ journal }) => journal.filter(({ event, schedule }) => event === 'start' && schedule === name)),
  }
}

describe('a handler that fills the heap until its process dies', () => {
  it.for([
    { onCrash: 'skip', starts: 1, reason: 'crash' },
    { onCrash: 'rerun', starts: 3, reason: 'max-deliveries' },
  ] as const)(
    'a handler that fills the heap kills $starts workers with onCrash $onCrash, and no more',
    async ({ onCrash, starts, reason }) => {
      const prefix = uniquePrefix('heap')
      const control = new Everybeat({ redis: redis.url, prefix, logger: false })
      onTestFinished(() => control.stop())
      const fleet = keepFleet(prefix)
      await waitFor(async () => (await control.fleet()).length === 2, { what: 'two workers', timeoutMs: 30_000 })
      await control.schedules.put('steady', { task: 'work', every: 200, onCrash: 'rerun' })
      await control.schedules.put('poison', { task: 'work', at: new Date(), payload: { heap: true }, onCrash })
      const history = await waitFor(
        async () => {
          const entries = await control.schedules.history('poison')
          return entries.length > 0 && entries
        },
        { what: 'the end of the poison run', timeoutMs: 90_000, intervalMs: 100 },
      )
      expect(history).toMatchObject([{ outcome: 'abandoned', reason }])
      await waitFor(() => fleet.deaths() === starts, { what: `${starts} deaths`, timeoutMs: 30_000 })
      expect(fleet.startsOf('poison')).toHaveLength(starts)
      // What went beside it in the processes that died is finished by others.
      const end = Date.now()
      const newest = async () => (await control.schedules.history('steady', { limit: 1 }))[0]
      await waitFor(async () => ((await newest())?.scheduledAt.getTime() ?? 0) > end, { what: 'the fleet to continue' })
      const steady = await control.schedules.history('steady', { limit: 1_000 })
      expect(steady.filter(({ outcome }) => outcome === 'abandoned')).toEqual([])
    },
  )
})
