import { describe, expect, it } from 'vitest'
import { Everybeat, type EverybeatEvents } from '../../src/index.js'
import { tzDataVersion } from '../../src/time/tz-data.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { startZonedWorker, type ZonedWorker } from '../support/zoned-worker.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const OLD = '2025b'
const NEW = '2025c'
const DAILY = { cron: '0 9 * * *', tz: 'America/New_York', task: 'job' }

function createFleet() {
  const prefix = uniquePrefix('zones')
  const control = new Everybeat({ redis: redis.url, prefix, logger: false })
  const workers: ZonedWorker[] = []
  const start = async (tz: string, task?: string) => {
    const worker = await startZonedWorker({ url: redis.url, prefix, tz, ...(task === undefined ? {} : { task }) })
    workers.push(worker)
    return worker
  }
  const stateKey = (name: string) => `{${prefix}}:state:${name}`
  return {
    prefix,
    control,
    start,
    meta: (field: string) => redis.client.hget(`{${prefix}}:meta`, field),
    plan: async (name: string) => (await redis.client.hget(stateKey(name), 'plan')) ?? '',
    /** Moves all planned instants as data that has other clock changes would. */
    async planOtherwise(name: string, byMs: number): Promise<string> {
      const plan = ((await redis.client.hget(stateKey(name), 'plan')) ?? '').split(' ')
      const moved = plan.map((item) => (item === '.' ? item : String(Number(item) + byMs))).join(' ')
      await redis.client.hset(stateKey(name), 'plan', moved)
      await redis.client.zadd(`{${prefix}}:due`, String(Number.parseInt(moved, 10)), name)
      return moved
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([control.stop(), ...workers.map((worker) => worker.stop())])
    },
  }
}

type Mix = Parameters<EverybeatEvents['fleet:mixed-tz']>[0]

function mixesOf(workers: readonly ZonedWorker[]): Mix[] {
  const mixes: Mix[] = []
  for (const { events } of workers) events.on('fleet:mixed-tz', (event) => void mixes.push(event))
  return mixes
}

describe.concurrent('a fleet whose workers have different time-zone data', () => {
  it('a fleet with different time-zone data is reported once, by one worker, and not before two versions exist', async () => {
    await using fleet = createFleet()
    const workers = [await fleet.start(OLD), await fleet.start(OLD)]
    const mixes = mixesOf(workers)
    await waitFor(async () => (await fleet.meta('tzMix')) === OLD, { what: 'the sweep of the elected worker' })
    expect(mixes).toEqual([])
    const newer = await fleet.start(NEW)
    newer.events.on('fleet:mixed-tz', (event) => void mixes.push(event))
    await waitFor(() => mixes.length > 0, { what: 'the report' })
    expect(mixes).toEqual([{ versions: { [OLD]: 2, [NEW]: 1 } }])
    // Two more beats of everybody say nothing new.
    const beat = async () => Number(await redis.client.zscore(`{${fleet.prefix}}:workers`, newer.id))
    const from = await beat()
    await waitFor(async () => (await beat()) > from + 9_000, { what: 'two more heartbeats' })
    expect(mixes).toHaveLength(1)
  })

  it('a fleet with different time-zone data knows the newest version at once, and the next newest when its workers have left', async () => {
    await using fleet = createFleet()
    await fleet.start(OLD)
    expect(await fleet.meta('tz')).toBe(OLD)
    const newer = await fleet.start(NEW)
    expect(await fleet.meta('tz')).toBe(NEW)
    expect(await fleet.meta('tzPlanner')).toBe(newer.id)
    await newer.stop()
    await waitFor(async () => (await fleet.meta('tz')) === OLD, {
      what: 'the older version to remain',
    })
    await fleet.start('unknown')
    expect(await fleet.meta('tz')).toBe(OLD)
  })

  it('the tz authority corrects the plans of a fleet once, and only those that depend on a zone', async () => {
    await using fleet = createFleet()
    await fleet.control.schedules.put('zoned', DAILY)
    await fleet.control.schedules.put('fine', { ...DAILY, cron: '0 10 * * *' })
    await fleet.control.schedules.put('utc', { ...DAILY, tz: 'UTC' })
    await fleet.start(OLD)
    const right = await fleet.plan('zoned')
    const fine = await fleet.plan('fine')
    await fleet.planOtherwise('zoned', 3_600_000)
    const utc = await fleet.planOtherwise('utc', 3_600_000)
    await fleet.start(NEW)
    await waitFor(async () => (await fleet.meta('tzPlanned')) === NEW, {
      what: 'the check of all plans',
      timeoutMs: 30_000,
    })
    expect(await fleet.plan('zoned')).toBe(right)
    expect(await fleet.plan('fine')).toBe(fine)
    expect(await fleet.plan('utc')).toBe(utc)
    expect(await fleet.control.schedules.history('zoned')).toEqual([])
    expect(await redis.client.zscore(`{${fleet.prefix}}:due`, 'zoned')).toBe(right.split(' ')[0])
  })

  it('the tz authority corrects the plans on every shard', async () => {
    await using fleet = createFleet()
    const options = { url: redis.url, prefix: `${fleet.prefix}-sharded`, shards: 3 }
    const older = await startZonedWorker({ ...options, tz: OLD })
    await using control = new Everybeat({ redis: redis.url, prefix: options.prefix, shards: 3, logger: false })
    const names = Array.from({ length: 12 }, (_, index) => `zoned-${index}`)
    await control.schedules.putMany(names.map((name) => ({ ...DAILY, name })))
    const right = await control.schedules.get('zoned-0')
    const keys = await redis.client.keys(`{${options.prefix}:*}:state:*`)
    expect(new Set(keys.map((key) => key.slice(0, key.indexOf('}')))).size).toBe(3)
    for (const key of keys) await redis.client.hset(key, 'plan', String(Number(right?.next) + 3_600_000))
    const newer = await startZonedWorker({ ...options, tz: NEW })
    const planned = () => redis.client.hget(`{${options.prefix}:0}:meta`, 'tzPlanned')
    await waitFor(async () => (await planned()) === NEW, { what: 'the check of all plans', timeoutMs: 30_000 })
    const schedules = await control.schedules.list()
    expect(schedules.map(({ next }) => next)).toEqual(names.map(() => right?.next))
    await Promise.all([older.stop(), newer.stop()])
  })

  it('a worker with older time-zone data leaves planning to the tz authority, which need not know the task', async () => {
    await using fleet = createFleet()
    const newer = await fleet.start(NEW)
    const older = await fleet.start(OLD, 'job')
    const ran: string[] = []
    older.events.on('run:started', ({ schedule }) => void ran.push(schedule))
    const asked = redis.connect()
    const messages: string[] = []
    asked.on('message', (_channel, message: string) => void messages.push(message))
    await asked.subscribe(`{${fleet.prefix}}:wake`)
    // Each second, so that the plan runs low again and again while only the older worker runs it.
    await fleet.control.schedules.put('zoned', { ...DAILY, cron: '* * * * * *' })
    await fleet.control.schedules.put('utc', { cron: '* * * * * *', task: 'job' })
    await waitFor(() => ran.filter((name) => name === 'zoned').length >= 20, { what: '20 runs', timeoutMs: 40_000 })
    expect(messages).toContain(`plan ${newer.id} zoned`)
    expect(messages.filter((message) => message.startsWith('plan '))).not.toContain(`plan ${newer.id} utc`)
    const history = (await fleet.control.schedules.history('zoned')).reverse()
    const gaps = history.slice(1).map((entry, index) => Number(entry.scheduledAt) - Number(history[index]!.scheduledAt))
    expect(new Set(gaps)).toEqual(new Set([1_000]))
  })

  it('the tz authority corrects plans that a process with older data writes later', async () => {
    await using fleet = createFleet()
    await fleet.start(OLD)
    const newer = await fleet.start(NEW)
    const mixes = mixesOf([newer])
    await waitFor(async () => (await fleet.meta('tzMix')) === `${OLD} ${NEW}`, { what: 'the mix of versions' })
    const beat = async () => Number(await redis.client.zscore(`{${fleet.prefix}}:workers`, newer.id))
    const from = await beat()
    await waitFor(async () => (await beat()) > from, { what: 'the next heartbeat of the tz authority' })
    await fleet.control.schedules.put('zoned', DAILY)
    const right = await fleet.plan('zoned')
    await fleet.planOtherwise('zoned', 3_600_000)
    await redis.client.publish(`{${fleet.prefix}}:wake`, 'changed zoned')
    await waitFor(async () => (await fleet.plan('zoned')) === right, { what: 'the plan to be corrected' })
    expect(mixes.length).toBeLessThanOrEqual(1)
  })

  it('a worker plans by itself when no worker with newer time-zone data is left', async () => {
    await using fleet = createFleet()
    const newer = await fleet.start(NEW)
    const older = await fleet.start(OLD, 'job')
    await newer.stop()
    await waitFor(async () => (await fleet.meta('tz')) === OLD, {
      what: 'the older version to remain',
    })
    const ran = new Promise((resolve) => older.events.once('run:succeeded', resolve))
    await redis.client.hset(`{${fleet.prefix}}:schedule:zoned`, { cron: '* * * * * *', tz: 'Asia/Tokyo', task: 'job' })
    await ran
  })
})

it('the time-zone version of this runtime can be compared', () => {
  expect(tzDataVersion()).toMatch(/^\d{4}[a-z]+$/)
})
