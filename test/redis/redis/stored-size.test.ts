import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { aclRules } from '../../../src/redis/acl.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { createDaily, createScriptedFleet, DAILY, DAY, pastDays } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const [t1, t3] = pastDays(2) as [number, number]
const NAME = 'report-of-the-customer-number-0000000007'

/** A fleet with one schedule that has fired this many times. */
async function fireTimes(count: number) {
  const fleet = createScriptedFleet(redis)
  await fleet.control.schedules.put(NAME, { ...DAILY, cron: '0 0 * * *', payload: { customer: 7 } })
  const worker = fleet.worker('194b03ff5aa14b93')
  const first = t3 - (count - 1) * DAY
  await fleet.plan(NAME, String(first), first - DAY)
  for (let at = first; at <= t3; at += DAY) {
    if (at > first) await fleet.plan(NAME, String(at), at - DAY)
    expect(await worker.settle(await worker.claimOne())).toBe('settled')
  }
  const bytesOf = async (key: string) => Number(await fleet.client.memory('USAGE', key, 'SAMPLES', 0))
  return { fleet, bytesOf }
}

describe('what a schedule takes in Redis', () => {
  it('the size of a schedule in Redis is that of its content after its first fire', async () => {
    const { fleet, bytesOf } = await fireTimes(1)
    // Redis counts 400 bytes too much for the tree of a stream; without the copy it would be 4.7 KB.
    expect(await bytesOf(fleet.keys.history(NAME))).toBeLessThan(900)
    expect(await fleet.client.object('ENCODING', fleet.keys.state(NAME))).toBe('listpack')
    expect(await bytesOf(fleet.keys.state(NAME))).toBeLessThan(450)
    expect(await fleet.client.exists(fleet.keys.changes(NAME))).toBe(0)
    expect(await fleet.client.exists(fleet.keys.history(''))).toBe(0)
  })

  it('the size of a schedule with a long name in Redis is as small as before once its run has ended', async () => {
    const long = 'report-of-the-customer-in-the-north-of-the-country-0000000007'
    const fleet = createScriptedFleet(redis)
    const { client, keys } = fleet
    const encoding = () => client.object('ENCODING', keys.state(long))
    await fleet.control.schedules.put(long, { ...DAILY, cron: '0 0 * * *', payload: { customer: 7 } })
    const worker = fleet.worker('194b03ff5aa14b93')
    await fleet.plan(long, `${t3} ${t3 + 2 * DAY}`, t3 - DAY)
    const before = await client.hgetall(keys.state(long))
    const run = await worker.claimOne()
    expect(await encoding()).toBe('hashtable')
    expect(await worker.settle(run)).toBe('settled')
    expect(await encoding()).toBe('listpack')
    const { last, seen, fence, ...rest } = await client.hgetall(keys.state(long))
    expect([last, seen, fence]).toEqual([String(t3), '1', String(run.fence)])
    expect(rest).toMatchObject({ digest: before['digest'], revision: '1', plan: String(t3 + 2 * DAY) })
    expect(await client.exists(keys.state(''))).toBe(0)
    expect(await worker.settle(run)).toBe('settled')
    expect(await fleet.outcomes(long)).toEqual([`ok ${t3}`])
  })

  it('the size of a schedule in Redis grows by 70 bytes at most with each entry of its history', async () => {
    const { fleet, bytesOf } = await fireTimes(20)
    expect(await fleet.client.xlen(fleet.keys.history(NAME))).toBe(20)
    expect(await bytesOf(fleet.keys.history(NAME))).toBeLessThan(900 + 19 * 70)
    const { client, keys } = fleet
    expect(await client.hmget(keys.state(NAME), 'holder', 'started')).toEqual([null, null])
  })
})

describe('an entry of the history', () => {
  it('an entry of the history reads the same whether it was written by this version or an earlier one', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await worker.settle(run, { resultText: '1' })
    const [entry] = await fleet.control.schedules.history('it')
    expect(entry).toMatchObject({ runId: `it@${t3}`, fence: run.fence, attempt: 1, worker: 'w', outcome: 'ok' })
    expect(entry!.startedAt!.getTime()).toBeGreaterThan(t3)

    const { client, keys } = fleet
    await client.del(keys.history('it'))
    const texts = { at: t3, outcome: 'ok', reason: '', run: `it@${t3}`, worker: 'w', attempt: 1, fence: run.fence }
    const rest = { started: entry!.startedAt!.getTime(), duration: 1, lateness: 1, result: '1', error: '', missed: 0 }
    const flat = Object.entries({ ...texts, ...rest, count: 1, until: '' }).flat()
    await client.xadd(keys.history('it'), '*', ...flat)
    expect(await fleet.control.schedules.history('it')).toEqual([entry])
    // The reply to the settlement was lost, and the call comes again.
    expect(await worker.settle(run, { resultText: '1' })).toBe('settled')
  })

  it('an entry of the history gives a repeated settlement the outcome of its run, and another fence nothing', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await worker.settle(run)
    expect(await worker.settle(run)).toBe('settled')
    expect(await worker.settle({ ...run, fence: run.fence + 1 } as typeof run)).toBe('forgotten')
    expect(await fleet.outcomes('it')).toEqual([`ok ${t3}`])
  })

  it('an entry of the history of an abandoned run has run id and fence in full, for workers of earlier versions', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const run = await worker.claimOne()
    await worker.settle(run, { outcome: 'abandoned', reason: 'shutdown' })
    const [[, flat]] = (await fleet.client.xrange(fleet.keys.history('it'), '-', '+')) as [[string, string[]]]
    expect(flat).toEqual(expect.arrayContaining(['run', `it@${t3}`, 'fence', String(run.fence)]))
  })

  it('an entry of the history is written for a user who may not copy keys', async () => {
    const prefix = uniquePrefix('no-copy')
    const rules = [...aclRules(prefix), '-copy', '-rename']
    await redis.client.call('ACL', 'SETUSER', 'plain', 'reset', 'on', '>secret', ...rules)
    const user = { host: '127.0.0.1', port: redis.port, username: 'plain', password: 'secret', disableClientInfo: true }
    const beat = new Everybeat({ redis: user, prefix, logger: false })
    onTestFinished(() => beat.stop({ timeoutMs: 500 }))
    beat.task('work', () => {})
    await beat.schedules.put('it', { task: 'work', at: new Date() })
    await beat.start()
    await waitFor(async () => (await beat.schedules.history('it')).length === 1, { what: 'the entry' })
    expect(await beat.schedules.history('it')).toMatchObject([{ outcome: 'ok' }])
  })
})

describe('the change list of a schedule that was not edited', () => {
  it('the change list of a schedule that was not edited is held by its state, and is a list from the first edit on', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    // One of its characters lies across each place where pieces of 64 bytes would end.
    const payload = { text: 'x→€'.repeat(20) }
    await control.schedules.put('it', { ...DAILY, every: '1d', payload })
    expect(await client.exists(keys.changes('it'))).toBe(0)
    expect(await control.schedules.changes('it')).toMatchObject([{ revision: 1, kind: 'create', via: 'api' }])
    await client.hset(keys.schedule('it'), 'every', '2d')
    await control.schedules.put('it', { ...DAILY, every: '3d', payload })
    const [last, bare, first] = await control.schedules.changes('it')
    expect([last!.diff, bare!.diff]).toEqual([{ every: ['2d', '3d'] }, { every: ['1d', '2d'] }])
    expect(first).toMatchObject({ revision: 1, kind: 'create' })
    expect(first!.diff).toMatchObject({ every: [null, '1d'], payload: [null, payload] })
    expect(await client.hmget(keys.state('it'), 'made', 'known', 'known2')).toEqual([null, null, null])
  })

  it('the change list of a schedule that was not edited is a list where its definition is long', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    await control.schedules.put('it', { every: '1d', payload: { text: 'x'.repeat(300) } })
    expect(await client.llen(keys.changes('it'))).toBe(3)
    expect(await client.hget(keys.state('it'), 'made')).toBeNull()
    expect(await control.schedules.changes('it')).toHaveLength(1)
  })

  it('the change list of a schedule that an earlier version began takes precedence over the state', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    await control.schedules.put('it', { every: '1d' })
    const entry = JSON.stringify({ r: 2, t: t1, k: 'edit', v: 'cli', d: { every: ['1d', '2d'] } })
    await client.rpush(keys.changes('it'), '2\0every\x001d', '', entry)
    expect(await control.schedules.changes('it')).toMatchObject([{ revision: 2, via: 'cli' }])
    await control.schedules.put('it', { every: '4d' })
    expect((await control.schedules.changes('it')).map(({ via }) => via)).toEqual(['api', 'cli'])
    expect(await client.hget(keys.state('it'), 'made')).toBeNull()
  })
})
