import { describe, expect, it } from 'vitest'
import { EverybeatError } from '../../src/index.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { createDaily, DAILY, pastDays } from '../support/scripted-fleet.js'

const redis = useRedis()
const fleet = useFleet(redis)
const key = (name: string) => `{${fleet.prefix()}}:schedule:${name}`

describe('an edit of a schedule', () => {
  it('an edit corrects what a bare HSET broke, and keeps the values of the other fields', async () => {
    const { schedules } = fleet.create()
    const given = { cron: '0 9 * * *', payload: { to: 'ops' }, retries: 2, tags: ['a', 'b'], enabled: false }
    await schedules.put('it', given)
    await redis.client.hset(key('it'), 'cron', 'nonsense')
    expect(await schedules.patch('it', { cron: '0 10 * * *' })).toMatchObject({ outcome: 'updated' })
    expect((await schedules.get('it'))!.given).toEqual({ ...given, cron: '0 10 * * *' })
  })

  it('each of sixty edits of a schedule at the same time is applied', async () => {
    const { schedules } = fleet.create()
    await schedules.put('it', { every: '1h', payload: {} })
    const fields = ['retries', 'maxCatchUp', 'maxDeliveries', 'pauseAfter'] as const
    const edits = Array.from({ length: 60 }, (_, index) => schedules.patch('it', { [fields[index % 4]!]: index + 1 }))
    expect(new Set((await Promise.all(edits)).map(({ outcome }) => outcome))).toEqual(new Set(['updated']))
  })

  it('an edit of removeAfter of a finished schedule takes effect', async () => {
    const beat = fleet.create()
    beat.task('it', () => 1)
    await beat.start()
    await beat.schedules.put('it', { at: new Date() })
    await waitFor(async () => (await beat.schedules.get('it'))?.state === 'finished', { what: 'the end' })
    await beat.schedules.patch('it', { removeAfter: 50 })
    await waitFor(async () => (await beat.schedules.get('it')) === null, { what: 'the removal' })
  })

  it('an edit that raises the limit lets more occurrences run, and an edit of the end does not reset the count', async () => {
    const [first] = pastDays(6)
    const daily = await createDaily(redis, { ...DAILY, cron: '0 0 * * *', limit: 1, start: new Date(first!) })
    const worker = daily.worker('w')
    await worker.settle(await worker.claimOne())
    const { schedules } = daily.control
    await schedules.patch('it', { end: new Date(Date.now() + 90 * 86_400_000) })
    expect((await schedules.get('it'))!.state).toBe('finished')
    await schedules.patch('it', { limit: 3 })
    expect(await daily.store.storePlan(await daily.decide('it'))).toBe('stored')
    expect((await schedules.get('it'))!.state).toBe('active')
    expect((await daily.state('it'))['seen']).toBe('1')
  })

  it('an edit to a past instant of at after the last run is a missed occurrence like any other', async () => {
    const beat = fleet.create()
    const ran: number[] = []
    beat.task('it', (run) => void ran.push(run.scheduledAt.getTime()))
    await beat.start()
    await beat.schedules.put('it', { every: 100 })
    await waitFor(() => ran.length > 0, { what: 'a run' })
    const at = Date.now() - 30_000
    await beat.schedules.patch('it', { at: new Date(at) })
    await waitFor(() => ran.includes(at), { what: 'the run of the past instant' })
  })
})

describe('a schedule that ran in the future, before the clock of Redis went back', () => {
  it.each([
    ['another interval', 2, () => ({ every: 150 })],
    ['a single instant', 1, () => ({ every: null, at: new Date(Date.now() + 300) })],
  ])('a schedule whose last run lies in the future runs when it is edited to %s', async (_what, count, changes) => {
    const beat = fleet.create()
    let runs = 0
    beat.task('it', () => void (runs += 1))
    await beat.start()
    await beat.schedules.put('it', { every: 100 })
    await waitFor(() => runs > 0, { what: 'a run' })
    const ahead = Date.now() + 3_600_000
    const [state, due] = [`{${fleet.prefix()}}:state:it`, `{${fleet.prefix()}}:due`]
    await redis.client
      .multi()
      .hset(state, 'last', ahead, 'plan', ahead + 100)
      .zadd(due, ahead + 100, 'it')
      .exec()
    const before = runs
    await beat.schedules.patch('it', changes())
    await waitFor(() => runs >= before + count, { what: 'runs after the edit' })
  })
})

describe('an error about a definition', () => {
  const broken = { name: 'bad', cron: '0 25 * * *' }
  const caught = (work: Promise<unknown>): Promise<EverybeatError> =>
    work.then(String, (error: unknown) => error) as never

  it.each([
    ['put', (beat: ReturnType<typeof fleet.create>) => beat.schedules.put('bad', { cron: broken.cron })],
    ['putMany', (beat: ReturnType<typeof fleet.create>) => beat.schedules.putMany([{ name: 'a', every: 1e5 }, broken])],
    ['sync', (beat: ReturnType<typeof fleet.create>) => beat.sync([broken], { owner: 'svc' })],
    ['declare', (beat: ReturnType<typeof fleet.create>) => beat.task('job', () => 1).schedule('bad', broken)],
  ])(
    'an error about a definition of %s names its schedule, and its stack begins at the caller',
    async (_what, call) => {
      const error = await caught(call(fleet.create()))
      expect(error).toBeInstanceOf(EverybeatError)
      expect(error.schedule).toBe('bad')
      expect(error.message).toContain('"bad"')
      expect(error.stack!.split('\n')[1]).toContain('edited-schedules.test')
    },
  )
})

describe('a one-off run of a task', () => {
  it('a one-off run of a task starts at once, whatever the defaults of the instance', async () => {
    const beat = fleet.create({ defaults: { jitter: '1h', misfire: 'skip', misfireGrace: 0, catchUpWindow: 0 } })
    const name = `${'a'.repeat(99)}😀`
    const ran = new Promise((resolve) => {
      const task = beat.task(name, resolve)
      void beat.start().then(() => task.run())
    })
    await ran
  })
})
