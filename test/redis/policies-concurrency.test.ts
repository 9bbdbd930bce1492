import type { DefinitionInput } from '../../src/index.js'
import { describe, expect, it } from 'vitest'
import { createFleet, createGate, untilAborted, type Gate } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const DUE = { task: 'job', at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

/** Workers whose runs wait at gates; `going` counts them per worker and in all. */
function gatedFleet(taskOptions: object, options: { workers?: number; concurrency?: number } = {}) {
  const gates: Gate[] = []
  const going = { all: 0, most: 0, perWorker: new Map<number, number>(), mostPerWorker: 0 }
  const fleet = createFleet(redis.url, {
    ...options,
    tasks: (beat, by) => {
      beat.task('job', taskOptions, async (run) => {
        going.all += 1
        going.perWorker.set(by, (going.perWorker.get(by) ?? 0) + 1)
        going.most = Math.max(going.most, going.all)
        going.mostPerWorker = Math.max(going.mostPerWorker, ...going.perWorker.values())
        const gate = createGate()
        gates.push(gate)
        try {
          await untilAborted(run, gate)
        } finally {
          going.all -= 1
          going.perWorker.set(by, going.perWorker.get(by)! - 1)
        }
      })
      beat.task('other', () => 'done')
    },
  })
  return { fleet, gates, going }
}

async function putMany(fleet: ReturnType<typeof createFleet>, count: number, definition: object = DUE) {
  await fleet.control.schedules.putMany(
    Array.from({ length: count }, (_, index) => ({ name: `s${index}`, ...definition })) as (DefinitionInput & {
      name: string
    })[],
  )
}

describe('maxConcurrent of a task', () => {
  it('maxConcurrent of a task forgets ended runs, also when the limit is not reached', async () => {
    const { fleet } = gatedFleet({ maxConcurrent: 3 }, { workers: 1 })
    const busy = fleet.key('busy', 'job')
    await fleet.redis.zadd(busy, 1, '7 gone@1', 1, '8 held@1')
    await fleet.redis.set(fleet.key('lease', 'held'), 'somebody:8', 'PX', 60_000)
    await fleet.start()
    await expect.poll(() => fleet.redis.zrange(busy, 0, -1)).toEqual(['8 held@1'])
  })

  it('maxConcurrent of a task holds in the whole fleet, and a waiting run starts when a run ends', async () => {
    const { fleet, gates, going } = gatedFleet({ maxConcurrent: 2 }, { workers: 3 })
    await putMany(fleet, 6)
    await fleet.start()
    await expect.poll(() => gates.length).toBe(2)
    // Waiting runs do not delay other tasks.
    await fleet.control.schedules.put('free', { ...DUE, task: 'other' })
    await fleet.next('run:succeeded', ({ schedule }) => schedule === 'free')
    expect(gates).toHaveLength(2)
    for (let index = 0; index < 6; index++) {
      await expect.poll(() => gates.length).toBeGreaterThan(index)
      gates[index]!.open()
    }
    await Promise.all(Array.from({ length: 6 }, (_, index) => fleet.history(`s${index}`, 1)))
    expect(going.most).toBe(2)
    expect(await fleet.redis.zcard(fleet.key('busy', 'job'))).toBe(0)
    expect(await fleet.redis.scard(fleet.key('lanes'))).toBe(0)
  })

  it('maxConcurrent of a task counts a run whose schedule is removed, and gives its slot back when the run ends', async () => {
    const { fleet, gates, going } = gatedFleet({ maxConcurrent: 1 })
    await putMany(fleet, 1)
    await fleet.start()
    await fleet.next('run:started')
    await fleet.control.schedules.remove('s0')
    await fleet.control.schedules.put('next', DUE)
    await expect.poll(() => fleet.redis.scard(fleet.key('lanes'))).toBe(1)
    expect(going.most).toBe(1)
    gates[0]!.open()
    await fleet.next('run:started', ({ schedule }) => schedule === 'next')
    expect(going.most).toBe(1)
    gates[1]!.open()
    await fleet.history('next', 1)
    expect(await fleet.redis.zcard(fleet.key('busy', 'job'))).toBe(0)
  })

  it('maxConcurrent of a task does not count a run whose lease has ended', async () => {
    const { fleet, gates } = gatedFleet({ maxConcurrent: 1 })
    await putMany(fleet, 1)
    // The remains of a worker that died after the removal of its schedule: no worker ever settles this run.
    await fleet.redis.zadd(fleet.key('busy', 'job'), Date.now() - 1, `1 gone@5`)
    await fleet.start()
    await fleet.next('run:started')
    gates[0]!.open()
    await fleet.history('s0', 1)
  })

  it('maxConcurrent of a task gives the slot back while a run waits for its next attempt', async () => {
    let attempts = 0
    const fleet = createFleet(redis.url, {
      tasks: (beat) =>
        beat.task('job', { maxConcurrent: 1 }, ({ schedule, attempt }) => {
          attempts += 1
          if (schedule === 's0' && attempt === 1) throw new Error('no luck')
        }),
    })
    await fleet.control.schedules.put('s0', { ...DUE, retries: 1, backoff: { type: 'fixed', delay: 800 } })
    await fleet.start()
    await fleet.next('run:retrying')
    await fleet.control.schedules.put('s1', DUE)
    await fleet.next('run:succeeded', ({ schedule }) => schedule === 's1')
    expect(attempts).toBe(2)
    await fleet.next('run:succeeded', ({ schedule }) => schedule === 's0')
    expect(await fleet.redis.zcard(fleet.key('busy', 'job'))).toBe(0)
  })
})

describe('concurrency of a task on a worker', () => {
  it('concurrency of a task on a worker holds when many occurrences are due at once, and a waiting one starts when a run ends', async () => {
    const { fleet, gates, going } = gatedFleet({ concurrency: 1 }, { workers: 1 })
    await putMany(fleet, 4)
    await fleet.start()
    for (let index = 0; index < 4; index++) {
      await expect.poll(() => gates.length).toBeGreaterThan(index)
      gates[index]!.open()
    }
    await Promise.all(Array.from({ length: 4 }, (_, index) => fleet.history(`s${index}`, 1)))
    expect(going.mostPerWorker).toBe(1)
  })

  it('concurrency of a task on a worker leaves the occurrences beyond it to another worker', async () => {
    const { fleet, gates, going } = gatedFleet({ concurrency: 1 }, { workers: 2 })
    await putMany(fleet, 2)
    await fleet.start()
    await expect.poll(() => gates.length).toBe(2)
    expect(going.mostPerWorker).toBe(1)
    for (const gate of gates) gate.open()
  })
})

describe('a worker with one slot', () => {
  it('a worker with one slot does not starve due occurrences behind waiting runs', async () => {
    const started: string[] = []
    const fleet = createFleet(redis.url, {
      workers: 1,
      concurrency: 1,
      tasks: (beat) => beat.task('job', ({ schedule }) => void started.push(schedule)),
    })
    await fleet.control.schedules.put('asked', { task: 'job', every: '1h' })
    for (let index = 0; index < 50; index++) await fleet.control.schedules.trigger('asked')
    await fleet.control.schedules.put('live', DUE)
    await fleet.start()
    await fleet.history('asked', 50)
    await fleet.history('live', 1)
    // It was due before any of the others was asked for.
    expect(started.indexOf('live')).toBe(0)
  })
})
