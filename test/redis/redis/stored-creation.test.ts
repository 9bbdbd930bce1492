import { describe, expect, it } from 'vitest'
import type { DefinitionInput } from '../../../src/index.js'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet, DAILY, pastDays } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [t1] = pastDays(2) as [number, number]

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
    expect(await client.hmget(keys.state('it'), 'from', 'from2', 'made', 'known')).toEqual([null, null, null, null])
  })

  it('the change list of a schedule that was not edited is a list where its definition is long', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    await control.schedules.put('it', { every: '1d', payload: { text: 'x'.repeat(300) } })
    expect(await client.llen(keys.changes('it'))).toBe(3)
    expect(await client.hmget(keys.state('it'), 'from', 'made')).toEqual([null, null])
    expect(await control.schedules.changes('it')).toHaveLength(1)
  })

  it('the change list of a schedule that an earlier version began keeps the creation that the state holds', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    await control.schedules.put('it', { every: '1d' })
    const entry = JSON.stringify({ r: 2, t: t1, k: 'edit', v: 'cli', d: { every: ['1d', '2d'] } })
    await client.rpush(keys.changes('it'), '2\0every\x001d', '', entry)
    expect(await control.schedules.changes('it')).toMatchObject([
      { revision: 2, via: 'cli', diff: { every: ['1d', '2d'] } },
      { revision: 1, via: 'api', kind: 'create', diff: { every: [null, '1d'] } },
    ])
    await control.schedules.put('it', { every: '4d' })
    expect((await control.schedules.changes('it')).map(({ via }) => via)).toEqual(['api', 'cli', 'api'])
    expect(await client.llen(keys.changes('it'))).toBe(5)
    expect(await client.hget(keys.state('it'), 'from')).toBeNull()
  })

  it('the change list of a schedule that was not edited has every field of its definition and its author', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    const definitions: DefinitionInput[] = [
      { task: 'work', cron: '0 9 * * 1-5', tz: 'Europe/Berlin', payload: 'über\tuns', pool: 'eu', tags: ['a', 'b'] },
      { every: '1d', misfire: 'all', misfireGrace: '2d', catchUpWindow: '3d', overlap: 'queue', onCrash: 'rerun' },
      { every: '1d', timeout: '5s', retries: 3, backoff: { type: 'fixed', delay: '1s' }, pauseAfter: 9, jitter: '1s' },
      { every: '1d', start: '2020-01-01T00:00:00Z', end: '2120-01-01T00:00:00Z', limit: 7, maxConcurrent: 2 },
      { every: '1h', spread: true, enabled: false, note: 'line 1\nline 2', owner: 'billing', removeAfter: '1d' },
      { at: '2120-01-01T00:00:00Z' },
      { rrule: 'DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY' },
    ]
    for (const [index, definition] of definitions.entries()) {
      const name = `it-${index}`
      await control.schedules.put(name, definition)
      expect(await client.exists(keys.changes(name)), name).toBe(0)
      expect(await client.hmget(keys.state(name), 'made', 'known'), name).toEqual([null, null])
      const packed = await control.schedules.changes(name)
      const stored = await client.hgetall(keys.schedule(name))
      expect(Object.keys(packed[0]!.diff).sort(), name).toEqual(Object.keys(stored).sort())
      // The first edit turns it into a list, which scripts read from the state.
      await control.schedules.patch(name, { note: 'other' })
      const [edit, creation] = await control.schedules.changes(name)
      expect(edit!.diff).toEqual({ note: [definition.note ?? null, 'other'] })
      expect(creation, name).toEqual(packed[0])
      const undone = await control.schedules.rollback(name, 1)
      expect(undone.outcome).toBe('updated')
      expect(await client.hgetall(keys.schedule(name)), name).toEqual(stored)
    }
  })

  it('the change list of a schedule that was not edited finds an edit by plain commands with its difference', async () => {
    const fleet = createScriptedFleet(redis)
    const { control, client, keys } = fleet
    await control.schedules.put('it', { ...DAILY, every: '1d', note: 'x→€'.repeat(20) })
    await client.hset(keys.schedule('it'), { every: '2d', note: 'y' })
    await control.schedules.pause('it')
    await fleet.store.storePlan(await fleet.decide('it'))
    const edits = await control.schedules.changes('it')
    expect(edits.map(({ via, diff }) => [via, diff['every']])).toContainEqual(['hset', ['1d', '2d']])
    expect(edits.at(-1)).toMatchObject({ revision: 1, kind: 'create', diff: { note: [null, 'x→€'.repeat(20)] } })
  })

  it('the change list of a schedule with a rare field is held by its state in plain text', async () => {
    const { control, client, keys } = createScriptedFleet(redis)
    await control.schedules.put('it', { every: '1d', anchor: '2020-01-01T00:00:00Z' })
    expect(await client.hget(keys.state('it'), 'from')).toBeNull()
    expect(await client.hget(keys.state('it'), 'made')).toMatch(/^\d{13} api$/)
    const [created] = await control.schedules.changes('it')
    await control.schedules.patch('it', { every: '2d' })
    expect((await control.schedules.changes('it')).at(-1)).toEqual(created)
  })
})
