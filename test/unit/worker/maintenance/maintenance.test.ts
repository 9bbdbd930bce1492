import { expect, it } from 'vitest'
import { createStubStore } from '../../../../src/redis/stores/stub-store.js'
import { SampledRedisClock } from '../../../../src/worker/loop/redis-clock.js'
import type { ShardReply } from '../../../../src/worker/store.js'
import { Maintenance } from '../../../../src/worker/maintenance/maintenance.js'
import { createStubRuntime } from '../../../../src/worker/warm-up.js'

it.each([
  ['a worker sees edits as they happen', true, [0, 1, 0, 1]],
  ['no worker sees edits', false, [0, 6, 6, 6]],
])(
  'maintenance searches a million schedules for edits in a bounded number of calls per heartbeat where %s',
  async (_title, isWatched, wanted) => {
    const monotonic = () => performance.now()
    const clock = new SampledRedisClock(monotonic, Date.now)
    let calls = 0
    const store = Object.assign(createStubStore(clock, monotonic, 0), {
      inspect: () => {
        calls += 1
        return Promise.resolve({ nextName: 'more', nextCursor: '7', toPlan: [], removed: [] })
      },
    })
    const maintenance = new Maintenance(createStubRuntime(store, { concurrency: 1 }))
    const beat = { overdueRuns: 0, nextDueMs: null, isWatched } as unknown as ShardReply
    const counts: number[] = []
    for (const _ of wanted) {
      calls = 0
      await maintenance.pass(beat)
      counts.push(calls)
    }
    expect(counts).toEqual(wanted)
  },
)
