import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape } from '../../src/index.js'
import { createFleet, type PolicyFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { type JournalEntry, spawnWorker, type WorkerProcess } from '../support/worker-process.js'

const redis = useRedis()
const FIXTURE = new URL('../support/fixtures/policy-worker.mjs', import.meta.url)
const DUE = { at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

const spawn = (fleet: PolicyFleet) =>
  spawnWorker({ fixture: FIXTURE, settings: { redis: redis.url, prefix: fleet.prefix, leaseMs: 1_000 } })

/** One process is killed with all of these going; then another worker of the fleet starts. */
describe('a worker that is killed during runs', () => {
  let fleet: PolicyFleet
  let child: WorkerProcess
  let before: JournalEntry[]
  const schedules: Record<string, DefinitionShape> = {
    skip: { ...DUE, task: 'hang' },
    rerun: { ...DUE, task: 'hang', onCrash: 'rerun' },
    pausing: { task: 'hang', every: 100, start: DUE.at, pauseAfter: 1 },
    cancelled: { ...DUE, task: 'hang', onCrash: 'rerun' },
    retrying: { ...DUE, task: 'failOnce', retries: 1, backoff: { type: 'fixed', delay: '2s' } },
  }

  beforeAll(async () => {
    fleet = createFleet(redis.url, {
      workers: 1,
      tasks: (beat) => {
        beat.task('hang', () => 'done')
        beat.task('failOnce', () => 'done')
        beat.task('quick', { maxConcurrent: 1 }, () => 'done')
      },
    })
    child = await spawn(fleet)
    for (const [name, definition] of Object.entries(schedules))
      await fleet.control.schedules.put(name, definition as DefinitionInput)
    before = await Promise.all(
      Object.keys(schedules).map((name) => child.next('start', ({ schedule }) => schedule === name)),
    )
    await child.next('run:retrying')
    // It hears nothing of the cancel, and dies with it.
    await child.kill('SIGSTOP')
    const run = before.find(({ schedule }) => schedule === 'cancelled')!
    expect(await fleet.control.schedules.cancel(run['id'] as string)).toEqual({ outcome: 'cancelling' })
    await child.kill()
    await fleet.start()
  })
  afterAll(async () => {
    await child.kill()
    await fleet.stop()
  })

  const startOf = (name: string) => before.find(({ schedule }) => schedule === name)!

  it('the run of a killed worker is abandoned under onCrash: skip, and its entry names the worker', async () => {
    const ready = await child.next('ready')
    expect(await fleet.history('skip', 1)).toMatchObject([
      { outcome: 'abandoned', reason: 'crash', worker: ready['worker'], runId: startOf('skip')['id'], attempt: 1 },
    ])
    expect((await fleet.control.schedules.explain('skip')).last?.why).toMatch(
      /^it was given up: worker \w+ died while it ran/,
    )
  })

  it('the run of a killed worker is rerun under onCrash: rerun, with the same run id and a higher fence', async () => {
    const [entry] = await fleet.history('rerun', 1)
    expect(entry).toMatchObject({ outcome: 'ok', runId: startOf('rerun')['id'], result: 'done' })
    expect(entry!.fence).toBeGreaterThan(startOf('rerun')['fence'] as number)
    const { worker } = await fleet.next('run:started', ({ schedule }) => schedule === 'rerun')
    expect(entry!.worker).toBe(worker)
  })

  it('the abandoned run of a killed worker counts for pauseAfter', async () => {
    await expect
      .poll(() => fleet.control.schedules.get('pausing'))
      .toMatchObject({ state: 'paused', paused: { note: 'paused after 1 failures in a row' } })
    const history = await fleet.control.schedules.history('pausing')
    expect(history.filter(({ outcome }) => outcome === 'abandoned')).toMatchObject([
      { reason: 'crash', runId: startOf('pausing')['id'] },
    ])
    expect(await fleet.control.schedules.changes('pausing')).toMatchObject([
      { by: 'everybeat', kind: 'pause', diff: { paused: [null, { note: 'paused after 1 failures in a row' }] } },
      { kind: 'create' },
    ])
  })

  it('a cancelled run of a killed worker is not rerun', async () => {
    expect(await fleet.history('cancelled', 1)).toMatchObject([{ outcome: 'cancelled', reason: 'cancelled' }])
    expect(
      fleet.told.some(
        ({ name, event }) => name === 'run:started' && (event as { schedule: string }).schedule === 'cancelled',
      ),
    ).toBe(false)
  })

  it('a killed worker leaves the retry of a failed run to another worker', async () => {
    const [entry] = await fleet.history('retrying', 1)
    expect(entry).toMatchObject({ outcome: 'ok', attempt: 2, runId: startOf('retrying')['id'] })
  })

  it('a worker that is killed during runs leaves no running or waiting run', async () => {
    expect(await fleet.control.schedules.runs()).toEqual([])
    expect(await fleet.redis.zcard(fleet.key('running'))).toBe(0)
    expect(await fleet.redis.keys(fleet.key('lease', '*'))).toEqual([])
  })
})

describe('bugs of other schedulers', () => {
  it('a run whose handler kills its worker ends after maxDeliveries, and explain says so', async () => {
    const fleet = createFleet(redis.url, { workers: 1 })
    fleet.workers[0]!.task('other', () => undefined)
    await fleet.start()
    const children = await Promise.all([spawn(fleet), spawn(fleet), spawn(fleet)])
    await fleet.control.schedules.put('poison', { ...DUE, task: 'die', onCrash: 'rerun', maxDeliveries: 2 })
    const [entry] = await fleet.history('poison', 1, 30_000)
    expect(entry).toMatchObject({ outcome: 'abandoned', reason: 'max-deliveries' })
    const starts = children.flatMap(({ journal }) => journal.filter(({ event }) => event === 'start'))
    expect(starts).toHaveLength(2)
    expect(new Set(starts.map(({ id }) => id)).size).toBe(1)
    expect(starts[0]!['fence']).not.toBe(starts[1]!['fence'])
    const { last, reasons } = await fleet.control.schedules.explain('poison')
    expect(last?.why).toContain('`maxDeliveries` was reached')
    expect(reasons.map(({ code }) => code)).toContain('failing')
  })
})

describe('a worker that stops during a run', () => {
  it('a worker that stops during a run returns it under onCrash: rerun without counting a delivery, and abandons it under skip', async () => {
    const fleet = createFleet(redis.url, {
      tasks: (beat, by) =>
        beat.task('job', ({ signal }) =>
          by === 0
            ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
            : 'done',
        ),
    })
    await fleet.workers[0]!.start()
    await fleet.control.schedules.put('rerun', { ...DUE, task: 'job', onCrash: 'rerun', maxDeliveries: 1 })
    await fleet.control.schedules.put('skip', { ...DUE, task: 'job', pauseAfter: 1 })
    await fleet.next('run:started', ({ schedule }) => schedule === 'rerun')
    await fleet.next('run:started', ({ schedule }) => schedule === 'skip')
    await fleet.workers[1]!.start()
    await fleet.workers[0]!.stop({ timeoutMs: 10 })
    expect(await fleet.history('rerun', 1)).toMatchObject([{ outcome: 'ok', attempt: 1 }])
    expect(await fleet.history('skip', 1)).toMatchObject([{ outcome: 'abandoned', reason: 'shutdown' }])
    expect((await fleet.control.schedules.get('skip'))?.state).not.toBe('paused')
  })
})
