import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../support/fake-clock.js'
import { createFleet, type PolicyFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { ensureTool } from '../support/tools.js'
import { spawnWorker } from '../support/worker-process.js'

const redis = useRedis()
const FIXTURE = new URL('../support/fixtures/policy-worker.mjs', import.meta.url)
const DUE = { at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

const spawn = (fleet: PolicyFleet, settings: object = {}, env: Record<string, string> = {}) =>
  spawnWorker({
    fixture: FIXTURE,
    env,
    settings: { redis: redis.url, prefix: fleet.prefix, leaseMs: 1_000, ...settings },
  })

/** Real bugs of other schedulers that need whole processes: each test is named after one bug. */
describe('bugs of other schedulers in processes', () => {
  it('a handler that blocks the event loop past its lease is not started twice in the same process, and its signal names the lost lease', async () => {
    const fleet = createFleet(redis.url, { workers: 0 })
    const child = await spawn(fleet)
    await fleet.control.schedules.put('it', { ...DUE, task: 'block', payload: { ms: 2_500 }, onCrash: 'rerun' })
    const unblocked = await child.next('unblocked')
    expect(unblocked['code']).toBe('ERR_EVERYBEAT_LEASE_LOST')
    const first = child.journal.filter(({ event }) => event === 'start')
    expect(first).toHaveLength(1)
    // It was not done with its lease: the occurrence is delivered again, after the handler has ended.
    const again = await child.next('start', ({ fence }) => fence !== first[0]!['fence'])
    expect(again['id']).toBe(first[0]!['id'])
    expect(child.journal.indexOf(again)).toBeGreaterThan(child.journal.indexOf(unblocked))
  })

  it('the slots of a worker that kill -9 ends are free again', async () => {
    const tasks = { hang: { maxConcurrent: 2 } }
    const fleet = createFleet(redis.url, {
      workers: 1,
      tasks: (beat) => beat.task('hang', { maxConcurrent: 2 }, () => 'done'),
    })
    const child = await spawn(fleet, { tasks })
    for (const name of ['a', 'b', 'c']) await fleet.control.schedules.put(name, { ...DUE, task: 'hang' })
    await child.next('start', ({ schedule }) => schedule === 'a')
    await child.next('start', ({ schedule }) => schedule === 'b')
    await child.kill()
    await fleet.start()
    expect(await fleet.history('c', 1)).toMatchObject([{ outcome: 'ok' }])
    for (const name of ['a', 'b']) expect(await fleet.history(name, 1)).toMatchObject([{ outcome: 'abandoned' }])
  })

  it('a worker whose clock is one hour ahead neither fires early nor loses an occurrence', async (context) => {
    const tool = await ensureTool('faketime')
    if (tool.kind === 'missing') return context.skip(tool.reason)
    using clock = await createFakeClock(tool.path, '+1h')
    const fleet = createFleet(redis.url, { workers: 0 })
    const ahead = await spawn(fleet, {}, clock.env)
    await fleet.control.schedules.put('it', { task: 'quick', every: 500 })
    const history = await fleet.history('it', 4)
    const instants = history.map(({ scheduledAt }) => scheduledAt.getTime())
    expect(instants).toEqual(Array.from(instants, (_, index) => instants[0]! + index * 500))
    for (const { scheduledAt, startedAt, outcome } of history) {
      expect(outcome).toBe('ok')
      expect(startedAt!.getTime()).toBeGreaterThanOrEqual(scheduledAt.getTime())
    }
    for (const entry of ahead.journal.filter(({ event }) => event === 'start')) {
      expect(entry.receivedAt).toBeGreaterThanOrEqual(entry['scheduledAt'] as number)
    }
    // The first heartbeat is sent before anything is known of the clock.
    await expect.poll(async () => (await fleet.control.fleet())[0]?.skewMs).toBeGreaterThan(3_590_000)
  })

  it('SIGTERM three seconds before an instant loses no occurrence', async () => {
    const fleet = createFleet(redis.url, { workers: 0 })
    const [stopped, other] = await Promise.all([spawn(fleet), spawn(fleet)])
    const at = Date.now() + 3_000
    await fleet.control.schedules.put('one-of-two', { task: 'quick', at })
    await fleet.control.schedules.put('alone', { task: 'failOnce', at, retries: 1, backoff: { delay: 10, max: 10 } })
    expect(await stopped.stop()).toBe(0)
    await other.next('start', ({ schedule }) => schedule === 'one-of-two')
    expect(await fleet.history('one-of-two', 1)).toMatchObject([{ outcome: 'ok', scheduledAt: new Date(at) }])
    expect(await fleet.history('alone', 1)).toMatchObject([{ outcome: 'ok', attempt: 2 }])
  })

  it('the lease of a suspended worker ends, another worker reruns its run, and the worker continues after its resume', async () => {
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('hang', () => 'done') })
    const child = await spawn(fleet)
    await fleet.control.schedules.put('it', { ...DUE, task: 'hang', onCrash: 'rerun' })
    await fleet.control.schedules.put('beats', { task: 'quick', every: '1s' })
    const start = await child.next('start', ({ schedule }) => schedule === 'it')
    await child.kill('SIGSTOP')
    await fleet.start()
    const [entry] = await fleet.history('it', 1)
    expect(entry).toMatchObject({ outcome: 'ok', runId: start['id'], result: 'done' })
    const resumedAt = Date.now()
    await child.kill('SIGCONT')
    // The worker notices that its lease has ended, its outcome is not recorded, and its schedules continue.
    expect((await child.next('aborted'))['code']).toBe('ERR_EVERYBEAT_LEASE_LOST')
    await child.next(
      'start',
      ({ schedule, scheduledAt }) => schedule === 'beats' && (scheduledAt as number) > resumedAt,
    )
    expect(await fleet.control.schedules.history('it')).toHaveLength(1)
  })
})
