import { beforeEach, describe, expect, it } from 'vitest'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const key = (name: string) => `{${fleet.prefix()}}:schedule:${name}`

describe('a live edit', () => {
  beforeEach(() => holdMaintenance(redis.client, [createKeys(fleet.prefix(), 0, 1)]))

  it('a live edit through the API moves the next run at once', async () => {
    const beat = fleet.create()
    const ran = new Promise((resolve) => beat.task('job', resolve))
    await beat.schedules.put('job', { cron: '0 0 1 1 *' })
    await beat.start()
    expect(await beat.schedules.put('job', { every: '100ms' })).toEqual({ outcome: 'updated', revision: 2 })
    await ran
  })

  it('a live edit by a bare HSET takes effect without a restart, and without notifications of the server', async () => {
    const beat = fleet.create()
    const payloads: unknown[] = []
    beat.task('job', (run) => void payloads.push(run.payload))
    await beat.schedules.put('job', { every: '100ms', payload: 'old' })
    await beat.start()
    await waitFor(() => payloads.includes('old'), { what: 'a run with the old payload' })
    await redis.client.hset(key('job'), 'payload', '"new"')
    const edited = payloads.length
    await waitFor(() => payloads.includes('new'), { what: 'a run with the new payload' })
    // A fire after the edit never uses the old definition; one may have been under way during the HSET itself.
    expect(payloads.slice(edited + 1).every((payload) => payload === 'new')).toBe(true)
    expect(await beat.schedules.get('job')).toMatchObject({ revision: 2 })
  })

  it('the first two workers have a definition watch, and their heartbeats say so', async () => {
    for (let count = 0; count < 3; count += 1) await fleet.create().start()
    const ids = await redis.client.zrange(`{${fleet.prefix()}}:ranks`, 0, -1)
    const said = () => Promise.all(ids.map((id) => redis.client.hget(`{${fleet.prefix()}}:worker:${id}`, 'watching')))
    await waitFor(async () => (await said()).join() === '1,1,0', { what: 'the next heartbeats' })
  })

  it('a bare HSET of a new hash creates a schedule', async () => {
    const beat = fleet.create()
    const ran = new Promise((resolve) => beat.task('fresh', resolve))
    await beat.start()
    await redis.client.hset(key('fresh'), 'every', '200ms')
    await ran
    // The reading with which a worker starts may find the first one; the watch alone finds the second one.
    await Promise.all([
      nextEvent(beat, 'run:started', ({ schedule }) => schedule === 'second'),
      redis.client.hset(key('second'), { task: 'fresh', every: '200ms' }),
    ])
    expect((await beat.schedules.list()).map(({ name }) => name)).toEqual(['fresh', 'second'])
  })

  it('a live edit by HDEL and HSET of another trigger starts from now, never retroactively', async () => {
    const beat = fleet.create()
    const instants: number[] = []
    beat.task('job', (run) => void instants.push(Number(run.scheduledAt)))
    await beat.schedules.put('job', { cron: '0 0 1 1 *' })
    await beat.start()
    const editedAt = Date.now()
    await redis.client.multi().hdel(key('job'), 'cron').hset(key('job'), 'every', '500ms').exec()
    await waitFor(() => instants.length >= 2, { what: 'two runs of the new trigger' })
    expect(instants.every((at) => at > editedAt - 5)).toBe(true)
    // Nothing but the runs that were seen: the newest may not be settled yet.
    const recorded = (await beat.schedules.history('job')).map(({ scheduledAt }) => Number(scheduledAt))
    expect(recorded.filter((at) => !instants.includes(at))).toEqual([])
  })

  it('a bare DEL ends the schedule, and a new schedule of that name starts without its former state', async () => {
    const beat = fleet.create()
    let runs = 0
    beat.task('job', () => void runs++)
    await beat.schedules.put('job', { every: '100ms' })
    await beat.start()
    await waitFor(() => runs > 1, { what: 'runs' })
    await redis.client.del(key('job'))
    await waitFor(async () => (await redis.client.keys(`{${fleet.prefix()}}:state:*`)).length === 0, {
      what: 'the removal of the state',
    })
    expect(await beat.schedules.get('job')).toBeNull()
    expect(await beat.schedules.put('job', { cron: '0 0 1 1 *' })).toEqual({ outcome: 'created', revision: 1 })
    expect(await beat.schedules.history('job')).toEqual([])
  })

  it('a live edit that makes a definition invalid quarantines that schedule alone, and the next edit ends the quarantine', async () => {
    const beat = fleet.create()
    const ran: string[] = []
    beat.task('job', (run) => void ran.push(run.schedule))
    await beat.schedules.put('good', { task: 'job', every: '100ms' })
    await beat.schedules.put('bad', { task: 'job', every: '100ms' })
    await beat.start()
    await waitFor(() => ran.includes('bad'), { what: 'a run of the schedule while it is good' })
    const invalid = nextEvent(beat, 'schedule:invalid')
    await redis.client.hset(key('bad'), 'every', 'soon')
    expect(await invalid).toMatchObject({ schedule: 'bad', error: expect.stringContaining('soon') as string })
    expect(await beat.schedules.get('bad')).toMatchObject({
      state: 'invalid',
      next: null,
      error: expect.stringContaining('every') as string,
    })
    expect((await beat.schedules.list()).map(({ name, state }) => [name, state])).toEqual([
      ['bad', 'invalid'],
      ['good', 'active'],
    ])
    ran.length = 0
    await waitFor(() => ran.length > 3, { what: 'runs of the good schedule' })
    expect(ran).not.toContain('bad')
    await redis.client.hset(key('bad'), 'every', '100ms')
    await waitFor(() => ran.includes('bad'), { what: 'a run of the corrected schedule' })
    expect(await beat.schedules.get('bad')).toMatchObject({ state: 'active' })
  })

  it('a live edit of one field does not move the next run', async () => {
    const beat = fleet.create()
    await beat.schedules.put('job', { every: '1h' })
    const before = await redis.client.hget(`{${fleet.prefix()}}:state:job`, 'plan')
    await beat.schedules.patch('job', { payload: { a: 1 }, note: 'why' })
    expect(await redis.client.hget(`{${fleet.prefix()}}:state:job`, 'plan')).toBe(before)
    expect(await beat.schedules.get('job')).toMatchObject({ revision: 2, every: '1h', note: 'why', payload: { a: 1 } })
  })
})

describe('without key tracking', () => {
  it('the sweep of the elected worker finds plain edits on a server without key tracking', async () => {
    // A user without the right to CLIENT is how an old server or a strict ACL looks to a worker.
    await redis.client.call('ACL', 'SETUSER', 'plain', 'on', '>secret', '~*', '&*', '+@all', '-client')
    const url = redis.url.replace('redis://', 'redis://plain:secret@')
    const beat = fleet.create({ redis: url })
    const ran = new Promise((resolve) => beat.task('fresh', resolve))
    await beat.start()
    await redis.client.hset(key('fresh'), 'every', '200ms')
    await ran
  })
})
