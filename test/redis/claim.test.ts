import { describe, expect, it } from 'vitest'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { createScriptedFleet } from '../support/scripted-fleet.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

describe('a claim', () => {
  it('a claim starts each occurrence once among several workers, and writes each into the history', async () => {
    const started: string[] = []
    const workers = [1, 2, 3].map(() => fleet.create())
    for (const beat of workers) beat.task('count', (run) => void started.push(run.id))
    for (let index = 0; index < 5; index++) {
      // On a busy machine a run may last longer than the period.
      await workers[0]!.schedules.put(`s${index}`, { task: 'count', every: '200ms', overlap: 'allow' })
    }
    await Promise.all(workers.map((beat) => beat.start()))
    await waitFor(() => started.length >= 60, { what: '60 runs' })
    await Promise.all(workers.map((beat) => beat.stop()))
    expect(new Set(started).size).toBe(started.length)
    const reader = fleet.create()
    for (let index = 0; index < 5; index++) {
      const history = await reader.schedules.history(`s${index}`)
      const instants = history.map(({ scheduledAt }) => Number(scheduledAt)).sort()
      expect(new Set(instants).size).toBe(instants.length)
      expect(history.every(({ outcome }) => outcome === 'ok')).toBe(true)
      // No instant between the first and the last is missing: an interval never drifts and never skips.
      expect(instants.at(-1)! - instants[0]!).toBe((instants.length - 1) * 200)
      expect(history.length).toBe(started.filter((id) => id.startsWith(`s${index}@`)).length)
    }
  })

  it('a claim gives the handler every field of the contract', async () => {
    const beat = fleet.create()
    const seen = new Promise<Record<string, unknown>>((resolve) => {
      beat.task('look', (run) => {
        resolve({ ...run })
        return { answer: 42 }
      })
    })
    await beat.schedules.put('once', { task: 'look', at: new Date(Date.now() - 500), payload: { to: 'ops' } })
    const settled = nextEvent(beat, 'run:succeeded')
    await beat.start()
    const run = await seen
    expect(run).toMatchObject({
      schedule: 'once',
      task: 'look',
      payload: { to: 'ops' },
      attempt: 1,
      missed: 0,
      catchUp: false,
      manual: false,
      worker: beat.health().worker,
    })
    expect(run.scheduledAt).toBeInstanceOf(Date)
    expect(run.startedAt).toBeInstanceOf(Date)
    expect(run.signal).toBeInstanceOf(AbortSignal)
    expect(run.fence).toBeTypeOf('number')
    await settled
    const [entry] = await beat.schedules.history('once')
    expect(entry).toMatchObject({
      outcome: 'ok',
      runId: run.id,
      worker: run.worker,
      attempt: 1,
      fence: run.fence,
      result: { answer: 42 },
    })
    expect(await beat.schedules.get('once')).toMatchObject({ state: 'finished', next: null, last: run.scheduledAt })
  })

  it('a claim leaves work of other tasks to other workers, without hiding later work', async () => {
    const beat = fleet.create({ concurrency: 2 })
    const other = fleet.create()
    for (let index = 0; index < 30; index++) {
      await beat.schedules.put(`foreign${index}`, { task: 'unknown', at: new Date(Date.now() - 1_000) })
    }
    await beat.schedules.put('mine', { task: 'known', at: new Date(Date.now() - 500) })
    const ran = new Promise((resolve) => beat.task('known', resolve))
    await beat.start()
    await ran
    const taken = new Set<string>()
    other.task('unknown', (run) => void taken.add(run.schedule))
    await other.start()
    await waitFor(() => taken.size === 30, { what: 'the 30 foreign schedules' })
    expect(await redis.client.keys(`{${fleet.prefix()}}:lane*`)).toEqual([])
  })

  it('a claim takes only schedules of its pool', async () => {
    const gpu = fleet.create({ pool: 'gpu' })
    const plain = fleet.create()
    const ran: string[] = []
    gpu.task('train', () => void ran.push('gpu'))
    plain.task('train', () => void ran.push('default'))
    await plain.start()
    const done = nextEvent(gpu, 'run:succeeded')
    await gpu.start()
    await plain.schedules.put('job', { task: 'train', pool: 'gpu', at: new Date() })
    await done
    expect(ran).toEqual(['gpu'])
  })

  it('a worker never has more runs at once than slots', async () => {
    const beat = fleet.create({ concurrency: 3 })
    let going = 0
    let most = 0
    let done = 0
    beat.task('slow', async () => {
      most = Math.max(most, ++going)
      await new Promise((resolve) => setTimeout(resolve, 20))
      going--
      done++
    })
    const at = new Date(Date.now() - 100)
    for (let index = 0; index < 12; index++) await beat.schedules.put(`s${index}`, { task: 'slow', at })
    await beat.start()
    await waitFor(() => done === 12, { what: 'all 12 runs' })
    expect(most).toBe(3)
  })

  it('a claim gives the same runs for the same request, so that a lost reply loses nothing', async () => {
    const { control, worker } = createScriptedFleet(redis)
    const { store, settle } = worker('w1')
    for (const name of ['a', 'b', 'c']) {
      await control.schedules.put(name, { task: 'work', at: new Date(Date.now() - 100) })
    }
    const request = {
      slots: 2,
      maxClaims: 2,
      aheadMs: 0,
      expectedDueMs: null,
      capacities: [{ pool: 'default', task: 'work', maxConcurrent: 0, freeSlots: 10 }],
    }
    const first = await store.claim({ requestId: '1', ...request })
    const again = await store.claim({ requestId: '1', ...request })
    const next = await store.claim({ requestId: '2', ...request })
    expect(first.runs.map(({ runId }) => runId)).toHaveLength(2)
    expect(again.runs.map(({ runId, fence }) => [runId, fence])).toEqual(
      first.runs.map(({ runId, fence }) => [runId, fence]),
    )
    expect(next.runs).toHaveLength(1)
    expect(await settle(first.runs[0]!)).toBe('settled')
    expect(await settle(first.runs[0]!)).toBe('settled')
    expect(await control.schedules.history(first.runs[0]!.schedule)).toHaveLength(1)
  })

  it('a claim raises the fence with each run, also after a data loss', async () => {
    const beat = fleet.create()
    const fences: number[] = []
    const task = beat.task('fenced', (run) => void fences.push(run.fence))
    await task.schedule('tick', { every: '100ms' })
    await beat.start()
    await waitFor(() => fences.length >= 3, { what: 'three runs' })
    await redis.client.flushall()
    const before = fences.length
    await waitFor(() => fences.length >= before + 3, { what: 'runs after the flush' })
    expect(fences).toEqual([...fences].sort((left, right) => left - right))
    expect(new Set(fences).size).toBe(fences.length)
  })
})
