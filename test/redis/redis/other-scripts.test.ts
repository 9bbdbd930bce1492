import { describe, expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAILY, DAY, pastDays, SHORT_LEASE_MS, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t1, t2, t3] = pastDays(3) as [number, number, number]

/** A deed that must change nothing; answers what it gives. */
async function withoutTrace<T>(fleet: ScriptedFleet, act: () => Promise<T>): Promise<T> {
  const before = await fleet.everything()
  const answer = await act()
  expect(await fleet.everything()).toEqual(before)
  return answer
}

const EDITOR = { by: '', via: 'api' } as const
/** What a write says of itself beside its definition. */
const BY_NOBODY = { declaration: null, editor: EDITOR, kind: 'edit', conflicts: [] } as const
const pause = (note: string) => ({ note, untilMs: null, editor: EDITOR, ifActive: false })

describe('the maintenance of runs', () => {
  it('the maintenance of runs keeps a run that holds its lease, whatever the deadline says, and checks it again when the lease would end', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await fleet.client.zadd(fleet.keys.running, 0, run.runId)
    expect(await worker.store.recoverRuns(10)).toEqual({ inspectedCount: 1, recovered: [] })
    expect(Number(await fleet.client.zscore(fleet.keys.running, run.runId))).toBeGreaterThan(Date.now())
    expect(await worker.settle(run)).toBe('settled')
  })

  it('the maintenance of runs abandons a run whose lease the next occurrence holds, without changing that lease or what waits for it', async () => {
    const fleet = await createDaily(redis, { overlap: 'queue' })
    const [slow, fast] = [fleet.worker('slow', SHORT_LEASE_MS), fleet.worker('fast')]
    await fleet.plan('it', `${t1} ${t2} ${t3}`)
    const lost = await slow.claimOne()
    await fleet.leaseEnds('it')
    const next = await fast.claimOne()
    await fleet.client.hset(fleet.keys.state('it'), 'started', t1)
    await fast.claim()
    const waits = await fleet.client.zscore(fleet.keys.pending, `it@${t3}`)
    expect(Number(waits)).toBeGreaterThan(Date.now())
    expect(await fleet.giveUp(fast)).toBe('abandoned')
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`fast:${next.fence}`)
    expect(await fleet.client.zscore(fleet.keys.pending, `it@${t3}`)).toBe(waits)
    expect(await fleet.state('it')).toMatchObject({ waiting: `it@${t3}` })
    expect(await fleet.outcomes('it')).toEqual([`abandoned ${lost.nominalMs}`])
  })

  it('the maintenance of runs abandons a run once', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const slow = fleet.worker('slow', SHORT_LEASE_MS)
    const { runId } = await slow.claimOne()
    expect(await fleet.giveUp(slow)).toBe('rerun')
    // An index that a person restored from a backup.
    await fleet.client.zadd(fleet.keys.running, 0, runId)
    expect(await slow.store.recoverRuns(10)).toEqual({ inspectedCount: 1, recovered: [] })
    expect(await fleet.client.zrange(fleet.keys.pending, 0, -1)).toEqual([runId])
    expect(await fleet.worker('fast').claimOne()).toMatchObject({ runId, delivery: 2 })
  })

  it('the maintenance of runs delivers a run at most maxDeliveries times, and then records its end', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun', maxDeliveries: 2 })
    const slow = fleet.worker('slow', SHORT_LEASE_MS)
    await slow.claimOne()
    expect(await fleet.giveUp(slow)).toBe('rerun')
    await slow.claimOne()
    expect(await fleet.giveUp(slow)).toBe('abandoned')
    expect((await slow.claim()).runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([`abandoned ${t3}`])
  })

  it('the maintenance of runs does not deliver a run again that was cancelled, or started by a claim that Redis has lost', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const slow = fleet.worker('slow', SHORT_LEASE_MS)
    const { runId } = await slow.claimOne()
    expect(await fleet.store.cancel(runId)).toBe('cancelling')
    expect(await fleet.giveUp(slow)).toBe('abandoned')
    await fleet.plan('it', String(t3 + 1), t3)
    const other = await fleet.worker('w').claimOne()
    const ending = { outcome: 'abandoned', reason: 'started-elsewhere' } as const
    expect(await fleet.worker('w').settle(other, ending)).toBe('abandoned')
    expect((await slow.claim()).runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([`cancelled ${t3}`, `abandoned ${t3 + 1}`])
  })
})

describe('a cancellation', () => {
  it('a cancellation leaves a running run and its lease to its worker', async () => {
    const fleet = await createDaily(redis, { onCrash: 'rerun' })
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    expect(await fleet.store.cancel(run.runId)).toBe('cancelling')
    expect(await fleet.client.get(fleet.keys.lease('it'))).toBe(`w:${run.fence}`)
    expect(await fleet.outcomes('it')).toEqual([])
    // It had come to its end already.
    expect(await worker.settle(run)).toBe('settled')
    expect(await fleet.outcomes('it')).toEqual([`ok ${t3}`])
    expect(await withoutTrace(fleet, () => fleet.store.cancel(run.runId))).toBe('missing')
  })

  it('a cancellation keeps a waiting run from ever being delivered, and ends it once', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await worker.settle(run, { outcome: 'failed', retryDelayMs: 0 })
    expect(await fleet.store.cancel(run.runId)).toBe('cancelled')
    expect(await withoutTrace(fleet, () => fleet.store.cancel(run.runId))).toBe('missing')
    expect((await worker.claim()).runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([`cancelled ${t3}`])
  })
})

describe('a missing schedule', () => {
  it.each<[string, (fleet: ScriptedFleet) => Promise<unknown>]>([
    ['pause', (fleet: ScriptedFleet) => fleet.store.pause('none', pause(''))],
    ['a manual run', (fleet: ScriptedFleet) => fleet.store.enqueue('none', null)],
    ['a backfill', (fleet: ScriptedFleet) => fleet.store.backfill('none', [t1], { atOnce: 1, gapMs: 0, most: 9 })],
    ['a removal', (fleet: ScriptedFleet) => fleet.store.remove('none')],
    ['a cancellation', (fleet: ScriptedFleet) => fleet.store.cancel(`none@${t1}`)],
    [
      'an extension',
      (fleet: ScriptedFleet) =>
        fleet.worker('w').store.storeRefill({ schedule: 'none', digest: '', after: t1, more: String(t2) }),
    ],
  ])('a missing schedule is not created by %s', async (_what, act) => {
    const fleet = await createDaily(redis)
    await withoutTrace(fleet, () => act(fleet))
  })
})

describe('a pause', () => {
  it('a pause also holds a schedule that was parked for a missing worker, and has the start of its first call', async () => {
    const fleet = await createDaily(redis, { task: 'rare' })
    await fleet.worker('w').claim()
    expect(await fleet.client.smembers(fleet.keys.lanes)).toHaveLength(1)
    await fleet.store.pause('it', pause('first'))
    expect(await fleet.client.smembers(fleet.keys.lanes)).toEqual([])
    const at = (text: string | undefined) => (JSON.parse(text!) as { at: number }).at
    await fleet.client.hset(fleet.keys.state('it'), 'paused', JSON.stringify({ at: t1, note: 'first' }))
    await fleet.store.pause('it', pause('second'))
    expect(at((await fleet.state('it'))['paused'])).toBe(t1)
  })
})

describe('a backfill', () => {
  it('a backfill runs at most its number at once, delivers each run once, and accepts a bounded number of runs', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    await fleet.plan('it', String(t3 + 2 * DAY), t3)
    const instants = [t1 - 3 * DAY, t1 - 2 * DAY, t1 - DAY]
    const pace = { atOnce: 2, gapMs: 0, most: 3 }
    expect(await fleet.store.backfill('it', instants, pace)).toMatchObject({ kind: 'enqueued' })
    // One run at a time waits to be delivered, whatever the limit, so a due occurrence finds at most one before it.
    expect(await fleet.client.zcard(fleet.keys.pending)).toBe(1)
    const more = () => fleet.store.backfill('it', instants, pace)
    expect(await withoutTrace(fleet, more)).toEqual({ kind: 'full', waiting: 2 })
    await fleet.store.backfill('it', [], pace)
    expect(await fleet.client.zcard(fleet.keys.pending)).toBe(1)
    const first = await worker.claimOne()
    const second = await worker.claimOne()
    expect((await worker.claim()).runs).toEqual([])
    expect(await worker.settle(first)).toBe('settled')
    const third = await worker.claimOne()
    expect([first, second, third].map(({ nominalMs }) => nominalMs)).toEqual(instants)
    for (const run of [second, third]) await worker.settle(run)
    expect((await worker.claim()).runs).toEqual([])
    expect(await fleet.state('it')).not.toHaveProperty('backfill')
  })
})

describe('the removal of a finished schedule', () => {
  it.each(['by an extension', 'by a settlement'])(
    'a finished schedule is removed also when its end was found %s',
    async (how) => {
      const fleet = await createDaily(redis, { cron: '0 0 * * *', removeAfter: 0 })
      const worker = fleet.worker('w')
      const run = await worker.claimOne()
      const refill = { after: t3, more: '.' }
      if (how === 'by an extension') await worker.store.storeRefill({ schedule: 'it', digest: run.digest, ...refill })
      await worker.settle(run, { refill })
      expect((await worker.claim()).needsPlanning).toMatchObject([{ name: 'it', state: { plan: '.' } }])
    },
  )

  it('the removal of a finished schedule keeps a schedule with new occurrences, or with a running or waiting run', async () => {
    const fleet = await createDaily(redis, { removeAfter: 0 })
    const worker = fleet.worker('w')
    const remove = () => worker.store.deleteFinished('it')
    await withoutTrace(fleet, remove)
    const run = await worker.claimOne()
    await fleet.plan('it', '.', t3)
    await remove()
    expect(await worker.settle(run, { outcome: 'failed', retryDelayMs: 60_000 })).toBe('retrying')
    await remove()
    expect(await fleet.state('it')).toHaveProperty([`run:${run.runId}`])
    expect(await fleet.store.cancel(run.runId)).toBe('cancelled')
    await remove()
    expect(await fleet.everything()).toEqual({})
  })

  it('the removal of a schedule for one owner keeps the schedule of another owner', async () => {
    const fleet = await createDaily(redis, { owner: 'us' })
    expect(await withoutTrace(fleet, () => fleet.store.remove('it', 'them'))).toBe('kept')
    expect(await fleet.store.remove('it', 'us')).toBe('removed')
  })
})

describe('a definition that is written', () => {
  const { trigger, plan, ...settings } = { trigger: '', plan: '.', periodMs: DAY, graceMs: null, removalMs: null }

  it('a write of the same definition changes no key, and a write of other fields alone keeps the due occurrence', async () => {
    const fleet = await createDaily(redis)
    const { schedules } = fleet.control
    expect(await withoutTrace(fleet, () => schedules.put('it', { ...DAILY, every: '1d' }))).toMatchObject({
      outcome: 'unchanged',
    })
    const { plan, last, trigger } = await fleet.state('it')
    expect(await schedules.put('it', { ...DAILY, every: '1d', note: 'other' })).toMatchObject({ outcome: 'updated' })
    expect(await fleet.state('it')).toMatchObject({ plan, last, trigger })
    expect(Number(await fleet.client.zscore(fleet.keys.due, 'it'))).toBe(t3)
    expect((await fleet.worker('w').claimOne()).nominalMs).toBe(t3)
  })

  it('an edit changes nothing when the revision is another one, also because of a plain edit that no worker has noticed', async () => {
    const fleet = await createDaily(redis)
    const { schedules } = fleet.control
    const { revision } = (await schedules.get('it'))!
    const edited = { ...DAILY, every: '1d', note: 'ours' }
    const put = (ifRevision: number) => schedules.put('it', edited, { ifRevision })
    expect(await withoutTrace(fleet, () => put(revision - 1))).toMatchObject({ outcome: 'conflict' })
    await fleet.client.hset(fleet.keys.schedule('it'), 'note', 'theirs')
    expect(await withoutTrace(fleet, () => put(revision))).toMatchObject({ outcome: 'conflict' })
    expect(await put(revision + 1)).toMatchObject({ outcome: 'updated', revision: revision + 2 })
  })

  it('an edit changes nothing when the definition that it was made from has changed since', async () => {
    const fleet = await createDaily(redis)
    const fields = { task: 'work', every: '2d' }
    const write = { ...settings, ...BY_NOBODY, trigger, plan, name: 'it', fields, mayBePast: false, isClosed: true }
    const { digest } = (await fleet.decide('it')).schedule
    await fleet.client.hset(fleet.keys.schedule('it'), 'note', 'theirs')
    const put = () => fleet.store.put({ ...write, ifRevision: null, ifDigest: digest })
    expect(await withoutTrace(fleet, put)).toMatchObject({ outcome: 'conflict' })
  })

  it('a write of a new trigger records the due occurrences of the former trigger, however many, and starts none of them', async () => {
    const fleet = await createDaily(redis, { cron: '0 0 * * *' })
    await fleet.plan('it', String(t1), t1 - DAY)
    expect(await fleet.control.schedules.put('it', { ...DAILY, every: '2d' })).toMatchObject({ outcome: 'updated' })
    expect((await fleet.worker('w').claim()).runs).toEqual([])
    expect(await fleet.outcomes('it')).toEqual([t1, t2, t3].map((at) => `skipped ${at}`))
  })

  it('a written definition takes over nothing from one of the same name that a plain command deleted', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    await worker.settle(await worker.claimOne(), { outcome: 'failed', pauseAfter: 1 })
    await fleet.client.del(fleet.keys.schedule('it'))
    expect(await fleet.control.schedules.put('it', { ...DAILY, every: '1d' })).toEqual({
      outcome: 'created',
      revision: 1,
    })
    expect(await fleet.control.schedules.get('it')).toMatchObject({ state: 'active', last: null })
    expect(await fleet.outcomes('it')).toEqual([])
  })

  it('a written definition starts no occurrence that passed during the write', async () => {
    const fleet = await createDaily(redis)
    const fields = { task: 'work', every: '2d' }
    const late = {
      ...settings,
      ...BY_NOBODY,
      name: 'it',
      fields,
      trigger: 'every 2d',
      plan: `${t2} ${t3} ${t3 + 2 * DAY}`,
    }
    await fleet.store.put({ ...late, mayBePast: false, ifRevision: null, ifDigest: null, isClosed: true })
    expect((await fleet.worker('w').claim()).runs).toEqual([])
    expect(await fleet.state('it')).toMatchObject({ plan: String(t3 + 2 * DAY) })
  })

  it('a written definition does not add a paused schedule to the due index', async () => {
    const fleet = await createDaily(redis)
    await fleet.control.schedules.pause('it')
    await fleet.control.schedules.put('it', { ...DAILY, every: '2d' })
    expect(await fleet.client.zscore(fleet.keys.due, 'it')).toBeNull()
  })
})

it('the list of runs does not show a run that was overwritten with other text', async () => {
  const fleet = await createDaily(redis)
  const { runId } = await fleet.worker('w').claimOne()
  expect(await fleet.control.schedules.runs()).toMatchObject([{ runId, worker: 'w', attempt: 1 }])
  await fleet.client.hset(fleet.keys.state('it'), `run:${runId}`, '{not a run')
  expect(await fleet.control.schedules.runs()).toEqual([])
})
