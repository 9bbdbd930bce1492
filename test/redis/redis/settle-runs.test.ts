import { describe, expect, it } from 'vitest'
import type { ClaimedRun, Settlement } from '../../../src/worker/store.js'
import { useRedis } from '../../support/redis.js'
import {
  createDaily,
  DAILY,
  DAY,
  pastDays,
  SHORT_LEASE_MS,
  type ScriptedFleet,
  type ScriptedWorker,
} from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t1, t2, t3] = pastDays(3) as [number, number, number]

const ENDINGS: readonly (Partial<Settlement> & Pick<Settlement, 'outcome'>)[] = [
  { outcome: 'ok', resultText: '1', refill: { after: t3, more: String(t3 + DAY) } },
  { outcome: 'failed', errorText: 'no luck', pauseAfter: 1 },
  { outcome: 'failed', errorText: 'no luck', retryDelayMs: 0 },
  { outcome: 'cancelled', reason: 'replaced' },
  { outcome: 'abandoned', reason: 'shutdown' },
  { outcome: 'returned', retryDelayMs: 0 },
]

/** A settlement that must change nothing; gives the answer to the worker. */
async function settleWithoutTrace(
  fleet: ScriptedFleet,
  worker: ScriptedWorker,
  run: ClaimedRun,
  about?: Partial<Settlement>,
) {
  const before = await fleet.everything()
  const outcome = await worker.settle(run, about)
  expect(await fleet.everything()).toEqual(before)
  return outcome
}

describe.each([
  ['another worker', 'fast'],
  ['the same worker', 'slow'],
])('a settlement that arrives when the lease is with the rerun on %s', (_what, second) => {
  it.each(ENDINGS)(
    'a settlement that arrives when the lease is with the rerun changes nothing: $outcome, $retryDelayMs',
    async (ending) => {
      const fleet = await createDaily(redis, { onCrash: 'rerun', overlap: 'queue' })
      const slow = fleet.worker('slow', SHORT_LEASE_MS)
      const late = await slow.claimOne()
      expect(await fleet.giveUp(slow)).toBe('rerun')
      const successor = fleet.worker(second)
      const rerun = await successor.claimOne()
      expect(rerun).toMatchObject({ runId: late.runId, delivery: 2 })
      // The next one waits behind it, and counts on its lease.
      await fleet.plan('it', String(t3 + 1), t3)
      await successor.claim()

      expect(await settleWithoutTrace(fleet, slow, late, ending)).toBe('lost')
      expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`${second}:${rerun.fence}`)
      expect(await fleet.outcomes('it')).toEqual([])

      expect(await successor.settle(rerun)).toBe('settled')
      expect(await fleet.outcomes('it')).toEqual([`ok ${t3}`])
      // Also after the end of the rerun, whose outcome may be the very same.
      expect(await settleWithoutTrace(fleet, slow, late, ending)).toBe('forgotten')
    },
  )
})

describe('a settlement that arrives when the lease is with the next occurrence', () => {
  it.each([
    ['skip', 'ok', 'abandoned'],
    ['rerun', 'ok', 'rerun'],
    ['rerun', 'failed', 'rerun'],
    ['skip', 'returned', 'returned'],
  ] as const)(
    'a settlement that arrives when the lease is with the next occurrence does not change that lease, and with %s its own %s is %s',
    async (onCrash, outcome, answer) => {
      const fleet = await createDaily(redis, { onCrash, misfire: 'all' })
      const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
      await fleet.plan('it', `${t2} ${t3}`, t1)
      const late = await slow.claimOne()
      await fleet.leaseEnds('it')
      const next = await fast.claimOne()
      expect([late.nominalMs, next.nominalMs]).toEqual([t2, t3])

      expect(await slow.settle(late, { outcome, retryDelayMs: outcome === 'returned' ? 0 : null })).toBe(answer)
      expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`fast:${next.fence}`)
      expect(await fleet.client.zrange(fleet.keys.running, 0, -1)).toEqual([next.runId])
      // What is delivered again takes its turn behind the one that goes.
      expect((await fast.claim()).runs).toEqual([])
      expect(await fast.settle(next)).toBe(answer === 'abandoned' ? 'recovered' : 'settled')
      const again = (await fast.claim()).runs.map(({ runId }) => runId)
      expect(again).toEqual(answer === 'abandoned' ? [] : [late.runId])
      expect(await fleet.outcomes('it')).toEqual(
        answer === 'abandoned' ? [`abandoned ${t2}`, `ok ${t3}`] : [`ok ${t3}`],
      )
    },
  )
})

it('the slot of a task is freed when a run without its lease is returned', async () => {
  const fleet = await createDaily(redis)
  const worker = fleet.worker('w', 600_000, 1)
  const run = await worker.claimOne()
  await fleet.client.del(fleet.keys.lease('it'))
  expect(await worker.settle(run, { outcome: 'returned', retryDelayMs: 0 })).toBe('returned')
  expect(await worker.claimOne()).toMatchObject({ runId: run.runId, delivery: 1 })
})

it('a failure that would pause the schedule does not change the pause in which it happens', async () => {
  const fleet = await createDaily(redis)
  const worker = fleet.worker('w')
  const run = await worker.claimOne()
  await fleet.control.schedules.pause('it', { note: 'by hand' })
  const { paused } = await fleet.state('it')
  expect(await worker.settle(run, { outcome: 'failed', pauseAfter: 1 })).toBe('settled')
  expect((await fleet.state('it'))['paused']).toBe(paused)
})

describe('a settlement that is sent again because its reply was lost', () => {
  it.each([
    ['skip', { outcome: 'ok' }, 'settled', undefined],
    ['skip', { outcome: 'failed', pauseAfter: 9 }, 'settled', '1'],
    ['skip', { outcome: 'failed', pauseAfter: 1 }, 'paused', '1'],
    ['skip', { outcome: 'failed', retryDelayMs: 60_000 }, 'retrying', undefined],
    ['skip', { outcome: 'cancelled', reason: 'replaced' }, 'settled', undefined],
    ['skip', { outcome: 'abandoned', reason: 'crash' }, 'abandoned', '1'],
    ['rerun', { outcome: 'abandoned', reason: 'shutdown' }, 'rerun', undefined],
    ['skip', { outcome: 'returned', retryDelayMs: 0 }, 'returned', undefined],
  ] as const)(
    'a settlement that is sent again because its reply was lost changes nothing, and gets the same answer: %s, %o',
    async (onCrash, ending, answer, failures) => {
      const fleet = await createDaily(redis, { onCrash })
      const worker = fleet.worker('w')
      const run = await worker.claimOne()
      expect(await worker.settle(run, ending)).toBe(answer)
      // That it was this settlement which paused the schedule is not written down.
      expect(await settleWithoutTrace(fleet, worker, run, ending)).toBe(answer === 'paused' ? 'settled' : answer)
      expect((await fleet.state('it'))['failures']).toBe(failures)
    },
  )

  it('a settlement that is sent again because its reply was lost does not get the outcome of a later attempt', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const first = await worker.claimOne()
    const ending = { outcome: 'failed', retryDelayMs: 0 } as const
    expect(await worker.settle(first, ending)).toBe('retrying')
    expect(await worker.settle(await worker.claimOne(), ending)).toBe('retrying')
    expect(await settleWithoutTrace(fleet, worker, first, ending)).toBe('lost')
  })

  it('a settlement that is sent again because its reply was lost gets the same answer for a run that was cancelled while it was running', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    const ending = { outcome: 'failed', errorText: 'aborted', retryDelayMs: 0 } as const
    expect(await fleet.store.cancel(run.runId)).toBe('cancelling')
    expect(await worker.settle(run, ending)).toBe('settled')
    expect(await settleWithoutTrace(fleet, worker, run, ending)).toBe('settled')
    expect(await fleet.outcomes('it')).toEqual([`cancelled ${t3}`])
  })

  it('a settlement that is sent again because its reply was lost refills the plan once', async () => {
    const fleet = await createDaily(redis, { cron: '0 0 * * *' })
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    const refill = { after: t3, more: String(t3 + DAY) }
    expect(await worker.settle(run, { refill })).toBe('settled')
    await settleWithoutTrace(fleet, worker, run, { refill })
    expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + DAY) })
  })
})

describe('a settlement of a forgotten run', () => {
  it('a settlement of a forgotten run does not take the lease of a later schedule of the same name', async () => {
    const fleet = await createDaily(redis)
    const [slow, fast] = [fleet.worker('slow'), fleet.worker('fast')]
    const late = await slow.claimOne()
    await fleet.control.schedules.remove('it')
    await fleet.client.del(fleet.keys.lease('it'))
    await fleet.control.schedules.put('it', { ...DAILY, every: '1d' })
    await fleet.plan('it', String(t2), t1)
    const other = await fast.claimOne()
    expect(await settleWithoutTrace(fleet, slow, late)).toBe('forgotten')
    expect(await fast.settle(other)).toBe('settled')
  })

  it('a settlement of a forgotten run frees the lease that the run still holds', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await fleet.control.schedules.remove('it')
    expect(await worker.settle(run)).toBe('forgotten')
    expect(await fleet.everything()).toEqual({})
  })
})

describe('a settlement of a run whose fence exceeds the short text form', () => {
  it.each(['ok', 'failed'] as const)(
    'a settlement of a run whose fence exceeds the short text form is recorded: %s',
    async (outcome) => {
      const fleet = await createDaily(redis)
      await fleet.client.hset(fleet.keys.state('it'), 'fence', '999999999999999')
      const worker = fleet.worker('w')
      const run = await worker.claimOne()
      expect(run.fence).toBe(1e15)
      expect(await worker.settle(run, { outcome })).toBe('settled')
      expect(await fleet.outcomes('it')).toEqual([`${outcome} ${t3}`])
    },
  )
})

describe('the refill of a plan by a settlement', () => {
  const CRON = { cron: '0 0 * * *' }
  const refill = { after: t3, more: String(t3 + DAY) }

  it('a settlement does not refill a plan whose definition was edited since', async () => {
    const fleet = await createDaily(redis, CRON)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await fleet.client.hset(fleet.keys.schedule('it'), 'cron', '0 0 1 1 *')
    expect(await fleet.store.storePlan(await fleet.decide('it'))).toBe('stored')
    // However the plans of the two may look alike.
    await fleet.plan('it', '', t3)
    expect(await worker.settle(run, { refill })).toBe('settled')
    expect(await fleet.state('it')).toMatchObject({ plan: '' })
  })

  it('a settlement does not refill the plan of a schedule that was paused since: nothing becomes due in a pause', async () => {
    const fleet = await createDaily(redis, CRON)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await fleet.control.schedules.pause('it')
    expect(await worker.settle(run, { refill })).toBe('settled')
    expect(await fleet.client.zscore(fleet.keys.due, 'it')).toBeNull()
  })

  it.each(['ok', 'failed'] as const)(
    'a settlement makes a schedule without instants due at the first instant of its refill: %s',
    async (outcome) => {
      const fleet = await createDaily(redis, CRON)
      const worker = fleet.worker('w')
      const run = await worker.claimOne()
      await fleet.plan('it', '', t3)
      await fleet.client.zrem(fleet.keys.due, 'it')
      expect(await worker.settle(run, { outcome, refill })).toBe('settled')
      expect(await fleet.client.zscore(fleet.keys.due, 'it')).toBe(String(t3 + DAY))
      expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + DAY) })
    },
  )

  it('a settlement does not refill a plan that has changed since', async () => {
    const fleet = await createDaily(redis, CRON)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await fleet.plan('it', String(t3 + 2 * DAY), t3 + DAY)
    expect(await worker.settle(run, { refill })).toBe('settled')
    expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + 2 * DAY) })
  })

  it('a settlement refills the plan once, also when the refill was sent during the run', async () => {
    const fleet = await createDaily(redis, CRON)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    const extension = { schedule: 'it', digest: run.digest, ...refill }
    await worker.store.storeRefill(extension)
    const extended = await fleet.everything()
    await worker.store.storeRefill(extension)
    expect(await fleet.everything()).toEqual(extended)
    expect(await worker.settle(run, { refill })).toBe('settled')
    expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + DAY) })
    for (const [edit, value] of [['digest', 'other'] as const, ['after', t2] as const]) {
      await worker.store.storeRefill({ ...extension, after: t3 + DAY, more: String(t3 + 2 * DAY), [edit]: value })
    }
    await fleet.control.schedules.pause('it')
    await worker.store.storeRefill({ ...extension, after: t3 + DAY, more: String(t3 + 2 * DAY) })
    expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + DAY) })
  })
})
