import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { aclRules } from '../../../src/redis/acl.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { createDaily, createScriptedFleet, DAILY, DAY, pastDays } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const [, t3] = pastDays(2) as [number, number]
const NAME = 'report-of-the-customer-number-0000000007'

/** An id of 12 characters, as long as the id of a worker. */
const WORKER = '194b03ff5aa1'

/** A fleet with one schedule that has fired this many times, each time about on time. */
async function fireTimes(count: number) {
  const fleet = createScriptedFleet(redis)
  await fleet.control.schedules.put(NAME, { task: 'work', cron: '0 9 * * 1-5', payload: { customer: 7 } })
  const worker = fleet.worker(WORKER)
  for (let fired = 0; fired < count; fired += 1) {
    const at = Date.now()
    await fleet.plan(NAME, `${at} ${at + DAY} ${at + 2 * DAY}`, at - 1)
    expect(await worker.settle(await worker.claimOne())).toBe('settled')
  }
  const bytesOf = async (key: string) => Number(await fleet.client.memory('USAGE', key, 'SAMPLES', 0))
  return { fleet, bytesOf }
}

/** What Redis counts too much for a short stream, bytes: it counts 240 for each of the two nodes of the tree. */
const TREE_SURPLUS = 400

describe('what a schedule takes in Redis', () => {
  it('the size of a schedule in Redis is that of its content after its first fire', async () => {
    const { fleet, bytesOf } = await fireTimes(1)
    const { keys, client } = fleet
    // Without the copy the history would take 4.3 KB.
    const history = (await bytesOf(keys.history(NAME))) - TREE_SURPLUS
    expect(history).toBeLessThanOrEqual(384)
    expect(await client.object('ENCODING', keys.state(NAME))).toBe('listpack')
    const state = await bytesOf(keys.state(NAME))
    expect(state).toBeLessThanOrEqual(352)
    expect(await client.exists(keys.changes(NAME))).toBe(0)
    expect(await client.exists(keys.history(''))).toBe(0)
    // With the entries in the two indexes and in the table of all keys, 300 bytes, it is 1.2 KB.
    expect(history + state + (await bytesOf(keys.schedule(NAME)))).toBeLessThan(929)
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

  it('the size of a schedule in Redis grows by 55 bytes at most with each entry of its history', async () => {
    const { fleet, bytesOf } = await fireTimes(20)
    expect(await fleet.client.xlen(fleet.keys.history(NAME))).toBe(20)
    expect((await bytesOf(fleet.keys.history(NAME))) - TREE_SURPLUS).toBeLessThan(400 + 19 * 55)
    const { client, keys } = fleet
    expect(await client.hmget(keys.state(NAME), 'holder', 'started')).toEqual([null, null])
  })
})

const END = { duration: 1, lateness: 1, result: '1' }

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
    const brief = { at: t3, outcome: 'ok', worker: 'w', '+fence': run.fence - t3, '+started': run.fence - t3 }
    await client.xadd(keys.history('it'), '*', ...Object.entries({ ...brief, ...END }).flat())
    expect(await fleet.control.schedules.history('it')).toEqual([entry])
    expect(await worker.settle(run, { resultText: '1' })).toBe('settled')

    await client.del(keys.history('it'))
    const texts = { at: t3, outcome: 'ok', reason: '', run: `it@${t3}`, worker: 'w', attempt: 1, fence: run.fence }
    const rest = { started: entry!.startedAt!.getTime(), ...END, error: '', missed: 0 }
    const flat = Object.entries({ ...texts, ...rest, count: 1, until: '' }).flat()
    await client.xadd(keys.history('it'), '*', ...flat)
    expect(await fleet.control.schedules.history('it')).toEqual([entry])
    // The reply to the settlement was lost, and the call comes again.
    expect(await worker.settle(run, { resultText: '1' })).toBe('settled')
  })

  it('an entry of the history has the start of a run that was claimed before it', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const at = Date.now() - 100
    await fleet.plan('it', `${at}+60000`, at - 1)
    const { runs } = await worker.claim('early', 90_000)
    const run = runs[0]!
    expect(await worker.settle(run, { durationMs: 7, latenessMs: 0 })).toBe('settled')
    const [[, flat]] = (await fleet.client.xrange(fleet.keys.history('it'), '-', '+')) as [[string, string[]]]
    expect(flat).toEqual(['at', String(at), 'outcome', 'ok', 'ran', `w ${run.fence - at} 7 ${at - run.fence} 60000`])
    const [entry] = await fleet.control.schedules.history('it')
    expect(entry).toEqual({
      ...{ scheduledAt: new Date(at), outcome: 'ok', runId: `it@${at}`, attempt: 1, fence: run.fence, worker: 'w' },
      ...{ startedAt: new Date(at + 60_000), durationMs: 7, latenessMs: 0 },
    })
  })

  it('an entry of the history holds the lateness of a late run as the wait since its claim', async () => {
    const fleet = await createDaily(redis)
    const worker = fleet.worker('w')
    const at = Date.now() - 4_000
    await fleet.plan('it', String(at), at - 1)
    const run = await worker.claimOne()
    expect(await worker.settle(run, { durationMs: 7, latenessMs: run.fence - at + 3 })).toBe('settled')
    const [[, flat]] = (await fleet.client.xrange(fleet.keys.history('it'), '-', '+')) as [[string, string[]]]
    expect(flat).toEqual(['at', String(at), 'outcome', 'ok', 'ran', `w ${run.fence - at} 7 3`])
    const [entry] = await fleet.control.schedules.history('it')
    expect(entry).toMatchObject({ startedAt: new Date(run.fence), latenessMs: run.fence - at + 3, durationMs: 7 })
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
