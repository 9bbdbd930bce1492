import { describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape, Run } from '../../src/index.js'
import { createFleet, createGate, untilAborted } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const ONCE = { task: 'job', at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

async function fleetOf(
  handler: (run: Run, worker: number) => unknown,
  definition: DefinitionShape = ONCE,
  { name = 'it', taskOptions = {}, ...options }: Record<string, unknown> & { name?: string; taskOptions?: object } = {},
) {
  const ran: (Run & { by: number; at: number })[] = []
  const fleet = createFleet(redis.url, {
    ...options,
    tasks: (beat, by) =>
      beat.task('job', taskOptions, (run) => {
        ran.push({ ...run, by, at: performance.now() })
        return handler(run, by)
      }),
  })
  await fleet.control.schedules.put(name, definition as DefinitionInput)
  await fleet.start()
  return { fleet, ran }
}

const fail = (): never => {
  throw new Error('no luck')
}

describe('retries', () => {
  it('a retry starts after its delay, with the same run id and a higher fence, and the history keeps one entry', async () => {
    const { fleet, ran } = await fleetOf(({ attempt }) => (attempt < 3 ? fail() : 'done'), {
      ...ONCE,
      retries: 3,
      backoff: { type: 'fixed', delay: 200 },
    })
    const first = await fleet.next('run:retrying')
    expect(first).toMatchObject({ attempt: 1, error: { message: 'no luck' } })
    await fleet.next('run:succeeded')
    expect(ran.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(new Set(ran.map(({ id }) => id)).size).toBe(1)
    expect(ran[1]!.fence).toBeGreaterThan(ran[0]!.fence)
    expect(ran[1]!.at - ran[0]!.at).toBeGreaterThanOrEqual(195)
    const history = await fleet.history('it', 1)
    expect(history).toHaveLength(1)
    expect(history[0]).toMatchObject({ outcome: 'ok', attempt: 3, result: 'done' })
  })

  it('a run fails after its last attempt, with the error of that attempt', async () => {
    const { fleet, ran } = await fleetOf(fail, { ...ONCE, retries: 1, backoff: { delay: 20, max: 20 } })
    await fleet.next('run:failed')
    expect(ran).toHaveLength(2)
    expect(await fleet.history('it', 1)).toMatchObject([
      { outcome: 'failed', reason: 'error', attempt: 2, error: 'Error: no luck' },
    ])
  })

  it('another worker makes the retry when the worker of the first attempt has stopped', async () => {
    const { fleet, ran } = await fleetOf(({ attempt }) => (attempt === 1 ? fail() : 'done'), {
      ...ONCE,
      retries: 1,
      backoff: { type: 'fixed', delay: 600 },
    })
    const { by } = await fleet.next('run:retrying')
    expect(await fleet.control.schedules.runs()).toMatchObject([{ state: 'waiting', reason: 'retry', attempt: 2 }])
    await fleet.workers[by]!.stop()
    await fleet.next('run:succeeded')
    expect(ran.map((run) => run.by)).toEqual([by, 1 - by])
  })

  it('a waiting retry does not delay the next occurrence, and a running retry holds the lease', async () => {
    const gate = createGate()
    let firstId = ''
    const { fleet } = await fleetOf(
      (run) => {
        firstId ||= run.id
        if (run.id !== firstId) return
        if (run.attempt === 1) fail()
        return untilAborted(run, gate)
      },
      { task: 'job', every: 200, retries: 1, backoff: { type: 'fixed', delay: 700 } },
    )
    const retrying = await fleet.next('run:retrying')
    const next = await fleet.next('run:started', ({ runId }) => runId !== firstId)
    expect(next.scheduledAt).toBe(retrying.scheduledAt + 200)
    await fleet.next('run:started', ({ runId, attempt }) => runId === firstId && attempt === 2)
    expect(await fleet.next('run:skipped')).toMatchObject({ reason: 'overlap' })
    gate.open()
    await fleet.next('run:succeeded', ({ runId }) => runId === firstId)
  })

  it('the retries of a run are those of the definition, or else those of the task', async () => {
    const taskOptions = { retries: 1, backoff: { delay: 10, max: 10 }, timeout: 50_000 }
    const { fleet, ran } = await fleetOf(fail, ONCE, { taskOptions })
    await fleet.control.schedules.put('own', { ...ONCE, retries: 0 })
    await fleet.history('it', 1)
    await fleet.history('own', 1)
    expect(ran.filter(({ schedule }) => schedule === 'it')).toHaveLength(2)
    expect(ran.filter(({ schedule }) => schedule === 'own')).toHaveLength(1)
  })
})

describe('timeout', () => {
  it('a timeout aborts the signal, and the run counts as failed whatever the handler does then', async () => {
    let reason: unknown
    const { fleet } = await fleetOf(
      async (run) => {
        await untilAborted(run).catch((error: unknown) => (reason = error))
        return 'too late'
      },
      { ...ONCE, timeout: 100 },
    )
    await fleet.next('run:failed')
    expect(reason).toMatchObject({ code: 'ERR_EVERYBEAT_TIMEOUT' })
    const [entry] = await fleet.history('it', 1)
    expect(entry).toMatchObject({ outcome: 'failed', reason: 'timeout' })
    expect(entry).not.toHaveProperty('result')
  })

  it('a run that does not settle within two seconds after its timeout is given up, and frees its slot and its lease', async () => {
    let stuck = true
    const { fleet, ran } = await fleetOf(
      (run) => (stuck ? ((stuck = false), new Promise(() => {})) : run.id),
      { task: 'job', every: 300, timeout: 100 },
      { workers: 1, concurrency: 1 },
    )
    const failed = await fleet.next('run:failed')
    expect(failed.durationMs).toBeGreaterThanOrEqual(2_090)
    await fleet.next('run:succeeded')
    expect(ran.length).toBeGreaterThanOrEqual(2)
  })

  it('a timeout is retried like any failure', async () => {
    const { fleet, ran } = await fleetOf((run) => (run.attempt === 1 ? untilAborted(run) : 'done'), {
      ...ONCE,
      timeout: 100,
      retries: 1,
      backoff: { delay: 10, max: 10 },
    })
    await fleet.next('run:succeeded')
    expect(ran).toHaveLength(2)
  })

  it('a rejection after the run was given up has no effect', async () => {
    const late = createGate()
    const { fleet } = await fleetOf(
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await late.opened
        throw new Error('far too late')
      },
      { ...ONCE, timeout: 50 },
    )
    await fleet.next('run:failed')
    late.open()
    await fleet.control.schedules.put('again', { ...ONCE, timeout: '1m' })
    await fleet.next('run:started', ({ schedule }) => schedule === 'again')
    expect(await fleet.history('it', 1)).toHaveLength(1)
  })
})

describe('handlers that throw anything', () => {
  const hostile = new Error('x')
  Object.defineProperty(hostile, 'message', {
    get() {
      throw new Error('no message for you')
    },
  })
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  it.each([
    ['text', 'broken', 'broken'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', { code: 7 }, '"code":7'],
    ['an object without a prototype', Object.create(null) as object, '{}'],
    ['a circle', circular, '[object Object]'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    ['an error whose message throws', hostile, 'cannot be shown'],
    ['an empty error', new Error(), 'Error'],
  ])('a handler that throws %s fails its run, and the schedule continues', async (_what, thrown, shown) => {
    let broken = true
    const { fleet } = await fleetOf(
      () => {
        if (!broken) return
        broken = false
        throw thrown
      },
      { task: 'job', every: 100 },
      { workers: 1, concurrency: 1 },
    )
    const history = await fleet.history('it', 2)
    expect(history[0]).toMatchObject({ outcome: 'failed', reason: 'error' })
    expect(history[0]!.error).toContain(shown)
    expect(history[1]).toMatchObject({ outcome: 'ok' })
    expect(fleet.told.filter(({ name }) => name === 'error')).toEqual([])
  })
})

describe('pauseAfter', () => {
  it('pauseAfter pauses a schedule after its number of failures in a row, reports the pause, and counts from 0 after resume', async () => {
    let good = 1
    const { fleet, ran } = await fleetOf(
      () => {
        // One failure, a success that wipes it, then failures only.
        if (good-- === 0) return
        fail()
      },
      { task: 'job', every: 100, pauseAfter: 2 },
    )
    await fleet.next('schedule:changed')
    await expect.poll(async () => (await fleet.control.schedules.get('it'))?.state).toBe('paused')
    const view = await fleet.control.schedules.get('it')
    expect(view?.paused?.note).toBe('paused after 2 failures in a row')
    expect(ran).toHaveLength(4)
    expect(await fleet.control.schedules.resume('it')).toMatchObject({ outcome: 'resumed' })
    await expect.poll(async () => (await fleet.control.schedules.get('it'))?.state).toBe('paused')
    expect(ran).toHaveLength(6)
  })
})

describe('the history entry of a run', () => {
  it.each([
    ['a result that is too long', () => 'x'.repeat(5_000), { result: { omitted: expect.stringContaining('5002') } }],
    ['a result that is not JSON', () => 1n, { result: { omitted: expect.stringContaining('BigInt') } }],
    ['a run without a result', () => undefined, {}],
    ['a result with a dangerous key', () => JSON.parse('{"__proto__":{"a":1}}') as unknown, {}],
  ])('the history entry of a run is bounded for %s', async (_what, handler, expected) => {
    const { fleet } = await fleetOf(handler)
    const [entry] = await fleet.history('it', 1)
    expect(entry).toMatchObject({ outcome: 'ok', ...expected })
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  it('the history entry of a run has the beginning of a too long error', async () => {
    const { fleet } = await fleetOf(() => {
      throw new Error('y'.repeat(50_000))
    })
    const [entry] = await fleet.history('it', 1)
    expect(entry!.error!.length).toBeLessThanOrEqual(4_096)
    expect(entry!.error).toMatch(/^Error: yyy.*…$/)
  })

  it('the history entry of a run gives its worker, its start, its lateness and its duration', async () => {
    const { fleet, ran } = await fleetOf(() => 42, { task: 'job', every: 200 })
    const [entry] = await fleet.history('it', 1)
    expect(entry).toMatchObject({ outcome: 'ok', attempt: 1, fence: ran[0]!.fence, worker: ran[0]!.worker, result: 42 })
    expect(entry!.runId).toBe(ran[0]!.id)
    expect(entry!.latenessMs).toBeGreaterThanOrEqual(0)
    expect(entry!.durationMs).toBeGreaterThanOrEqual(0)
    expect(entry!.startedAt!.getTime()).toBeGreaterThanOrEqual(entry!.scheduledAt.getTime())
  })
})
