import { describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape, EverybeatOptions, Run } from '../../src/index.js'
import { createFleet, createGate, untilAborted } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const HOUR = 3_600_000

async function scheduled(
  definition: DefinitionShape,
  {
    handler = () => 'done',
    start = true,
    taskOptions = {},
    ...options
  }: EverybeatOptions & {
    handler?: (run: Run) => unknown
    start?: boolean
    taskOptions?: object
    workers?: number
  } = {},
) {
  const fleet = createFleet(redis.url, { ...options, tasks: (beat) => beat.task('job', taskOptions, handler) })
  await fleet.control.schedules.put('it', { task: 'job', ...definition } as DefinitionInput)
  if (start) await fleet.start()
  const explain = () => fleet.control.schedules.explain('it')
  const codes = async () => (await explain()).reasons.map(({ code }) => code)
  return { fleet, explain, codes, schedules: fleet.control.schedules }
}

describe('explain, of what comes next', () => {
  it('explain names the rule, its zone, and the next instant of a schedule that nothing delays', async () => {
    const { explain } = await scheduled({ cron: '0 9 * * 1-5', tz: 'Asia/Shanghai' })
    const { state, next, last, reasons, advice, text } = await explain()
    expect(state).toBe('active')
    expect(next?.why).toBe('cron 0 9 * * 1-5 in Asia/Shanghai')
    expect(next?.at.getUTCHours()).toBe(1)
    expect([last, reasons, advice]).toEqual([null, [], []])
    expect(text).toBe(
      `it is active.\nNext: ${next!.at.toISOString()}, by cron 0 9 * * 1-5 in Asia/Shanghai.\nLast: its history is empty.`,
    )
  })

  it('explain says of a missing schedule that it is missing', async () => {
    const { schedules } = await scheduled({ every: '1h' }, { start: false })
    expect(await schedules.explain('nobody')).toMatchObject({
      name: 'nobody',
      state: 'missing',
      next: null,
      last: null,
      reasons: [{ code: 'missing' }],
      text: expect.stringContaining('there is no schedule "nobody"'),
    })
  })

  it('explain gives the note of a pause, its start and its end', async () => {
    const { explain, schedules } = await scheduled({ every: '1h' })
    await schedules.pause('it', { note: 'Ann: the database moves', until: Date.UTC(2035, 0, 1) })
    const { state, next, reasons, advice } = await explain()
    expect([state, next]).toEqual(['paused', null])
    expect(reasons[0]).toMatchObject({ code: 'paused' })
    expect(reasons[0]!.message).toMatch(
      /^it is paused since \S+Z: Ann: the database moves; it resumes by itself at 2035-01-01T00:00:00.000Z$/,
    )
    expect(advice[0]).toMatch(/^resume it/)
  })

  it('explain distinguishes disabled from paused', async () => {
    const { codes } = await scheduled({ every: '1h', enabled: false })
    expect(await codes()).toEqual(['disabled'])
  })

  it.each([
    ['its trigger gives no more instants', { at: 1_700_000_000_000, misfire: 'skip' }],
    ['its limit of 1 occurrences is reached', { at: 1_700_000_000_000, limit: 1, catchUpWindow: '9999d' }],
  ] as const)('explain says of a finished schedule that %s', async (why, definition) => {
    const { explain, fleet } = await scheduled(definition)
    await fleet.history('it', 1)
    await expect.poll(async () => (await explain()).state).toBe('finished')
    expect((await explain()).reasons.map(({ message }) => message)).toContain(`it is finished: ${why}`)
  })

  it('explain shows why a definition cannot be used, and that an edit corrects it', async () => {
    const { explain, fleet } = await scheduled({ cron: '0 9 * * *' })
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'cron', '61 9 * * *')
    const { state, next, reasons, advice } = await explain()
    expect([state, next]).toEqual(['invalid', null])
    expect(reasons[0]).toMatchObject({ code: 'invalid', message: expect.stringContaining('ERR_EVERYBEAT_CRON') })
    expect(advice[0]).toContain('correct the definition')
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'cron', '1 9 * * *')
    expect(await explain()).toMatchObject({ state: 'active' })
  })
})

describe('explain, of workers', () => {
  it('explain says that the fleet has no worker', async () => {
    const { codes } = await scheduled({ every: '1h' }, { start: false })
    expect(await codes()).toEqual(['no-fleet'])
  })

  it('explain says that no worker has registered the task', async () => {
    const { explain } = await scheduled({ every: '1h', task: 'other' })
    const { reasons, advice } = await explain()
    expect(reasons).toMatchObject([
      { code: 'no-worker', message: 'none of the 2 live workers in pool default has registered the task other' },
    ])
    expect(advice[0]).toContain('deploy a worker that registers the task "other"')
  })

  it('explain says that the pool of a schedule has no worker, and names the pools that have workers', async () => {
    const { explain } = await scheduled({ every: '1h', pool: 'gpu' })
    expect((await explain()).reasons).toMatchObject([
      { code: 'pool-empty', message: 'no worker is live in its pool gpu; workers are live in default' },
    ])
  })

  it('explain says that the clock of a worker is off, and that this moves no instant', async () => {
    const { explain, fleet } = await scheduled({ every: '1h' })
    const [{ id } = { id: '' }] = await fleet.control.fleet()
    await fleet.redis.hset(fleet.key('worker', id), 'skewMs', String(HOUR))
    const [reason] = (await explain()).reasons
    expect(reason).toMatchObject({ code: 'clock', message: expect.stringContaining(`${id} on `) })
    expect(reason!.message).toContain('is 1h ahead')
  })

  it('explain says that no worker has a free slot, and that a task is at its limit', async () => {
    const gate = createGate()
    const { explain, fleet, schedules, codes } = await scheduled(
      { at: 1_700_000_000_000, catchUpWindow: '9999d' },
      { handler: (run) => untilAborted(run, gate), taskOptions: { maxConcurrent: 1 } },
    )
    await fleet.next('run:started')
    expect(await codes()).toEqual(['finished', 'running'])
    await schedules.put('it', { task: 'job', at: 1_700_000_000_001, catchUpWindow: '9999d', overlap: 'allow' })
    await expect.poll(codes).toEqual(['running', 'task-full'])
    expect((await explain()).advice[0]).toContain('raise `maxConcurrent`')
    for (const { id } of await fleet.control.fleet()) await fleet.redis.hset(fleet.key('worker', id), 'running', '50')
    expect(await codes()).toContain('workers-full')
    gate.open()
  })

  it('explain says that a schedule is due and no worker claims it', async () => {
    const { explain, fleet } = await scheduled({ every: HOUR }, { start: false })
    await fleet.makeOverdue('it', Math.floor(Date.now() / HOUR) * HOUR - HOUR)
    const { reasons, next } = await explain()
    expect(reasons.map(({ code }) => code)).toEqual(['no-fleet', 'late'])
    expect(next?.why).toMatch(/every 3600000; it has been due for 1h/)
  })
})

describe('explain, of runs', () => {
  it('explain names the holder of the lease, its duration, and the work that waits for the lease', async () => {
    const gate = createGate()
    const { explain, fleet } = await scheduled(
      { every: 200, overlap: 'queue' },
      { handler: (run) => untilAborted(run, gate) },
    )
    const { worker, runId } = await fleet.next('run:started')
    await fleet.next('run:skipped')
    const { reasons, last } = await explain()
    expect(reasons.map(({ code }) => code).sort()).toEqual(['queued', 'running'])
    const message = reasons.find(({ code }) => code === 'running')!.message
    expect(message).toContain(`run ${runId} is running on worker ${worker} since`)
    expect(message).toMatch(/its lease ends in \d+ ms unless it is extended/)
    expect(last).toMatchObject({
      outcome: 'skipped',
      reason: 'overlap',
      why: 'it was skipped: the previous run was still running',
    })
    gate.open()
  })

  it('explain says that the worker of a run sends no heartbeat, and when other runs of the schedule can start', async () => {
    const gate = createGate()
    const { explain, fleet } = await scheduled(
      { every: 200 },
      { handler: (run) => untilAborted(run, gate), workers: 1, leaseMs: 60_000 },
    )
    const { worker } = await fleet.next('run:started')
    const messageAfter = async (silentMs: number) => {
      // What its death leaves: its next heartbeat, which puts this right, never comes.
      await fleet.redis.zadd(fleet.key('workers'), Date.now() - silentMs, worker)
      return (await explain()).reasons.find(({ code }) => code === 'running')?.message
    }
    await expect
      .poll(() => messageAfter(9_000))
      .toMatch(
        /has sent no heartbeat for \d+s.*; its lease ends in \d+ ms, and then other runs of the schedule can start$/,
      )
    await expect.poll(() => messageAfter(20_000)).toContain('which has sent no heartbeat for more than 15 s')
    gate.open()
  })

  it('explain says that a run waits for its next attempt, and that runs fail', async () => {
    const { fleet, codes } = await scheduled(
      { at: 1_700_000_000_000, catchUpWindow: '9999d', retries: 1, backoff: { type: 'fixed', delay: 500 } },
      {
        handler: () => {
          throw new Error('no luck')
        },
      },
    )
    await fleet.next('run:retrying')
    expect(await codes()).toContain('retry')
    await fleet.next('run:failed')
    const { reasons, last } = await fleet.control.schedules.explain('it')
    expect(reasons.map(({ code }) => code)).toEqual(['finished', 'failing'])
    expect(last?.why).toMatch(/^it failed on worker \w+ in attempt 2: Error: no luck$/)
  })

  it('explain says that an unknown holder has the lease', async () => {
    const { explain, fleet } = await scheduled({ every: '1h' })
    await fleet.redis.set(fleet.key('lease', 'it'), 'somebody:7', 'PX', 60_000)
    expect((await explain()).reasons).toMatchObject([
      { code: 'lease-held', message: expect.stringContaining('somebody') },
    ])
  })

  it('explain gives the number of runs of a backfill', async () => {
    const { schedules, codes, explain } = await scheduled({ every: '1h' }, { start: false })
    await schedules.backfill('it', { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) })
    expect(await codes()).toEqual(['backfill', 'backfill', 'no-fleet'])
    expect((await explain()).text).toContain('24 backfilled occurrences wait behind these runs')
  })

  it.each([
    [
      'ok',
      {},
      /^it ran on worker \w+, \d+ ms after its instant, and took \d+ ms; it ran in place of 2 other missed occurrences/,
    ],
    ['misfire', { misfire: 'skip' }, /no worker claimed it within its grace of 1s, and `misfire` is `skip`/],
    ['catch-up-window', { catchUpWindow: '1s' }, /older than the catch-up window of 1s/],
  ] as const)('explain reports missed occurrences: %s', async (_reason, policy, why) => {
    const { fleet, explain } = await scheduled({ every: HOUR, misfireGrace: '1s', ...policy }, { start: false })
    await fleet.makeOverdue('it', Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR)
    await fleet.start()
    await fleet.history('it', 3)
    expect((await explain()).last?.why).toMatch(why)
  })
})
