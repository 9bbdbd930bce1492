import { describe, expect, it } from 'vitest'
import type { Everybeat, EverybeatOptions } from '../../src/index.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)
const key = (name: string) => `{${fleet.prefix()}}:schedule:${name}`

/** One process of a deployment: what its code declares of the schedule `it`. */
function deploy(options: Partial<EverybeatOptions> = {}) {
  const beat = fleet.create(options)
  const overwritten: unknown[] = []
  beat.on('schedule:overwritten', (event) => overwritten.push(event))
  const task = beat.task('job', () => 'done')
  return { beat, overwritten, declare: (definition: object) => task.schedule('it', definition as never) }
}

const get = async (beat: Everybeat) => (await beat.schedules.get('it'))!

describe('a declaration', () => {
  it('a declaration keeps a live edit while it stays the same, over restarts and new processes', async () => {
    const first = deploy()
    expect(await first.declare({ cron: '0 9 * * *' })).toEqual({ outcome: 'created', revision: 1 })
    await first.beat.schedules.patch('it', { cron: '0 10 * * *', note: 'the team starts later' })
    for (const { declare } of [first, deploy()]) {
      expect(await declare({ cron: '0 9 * * *' })).toEqual({ outcome: 'unchanged', revision: 2 })
    }
    expect(await get(first.beat)).toMatchObject({
      cron: '0 10 * * *',
      note: 'the team starts later',
      declared: { differs: ['cron', 'note'] },
    })
  })

  it('a declaration keeps an edit by a bare HSET, whether or not a worker has noticed it', async () => {
    const { beat, declare } = deploy()
    await declare({ cron: '0 9 * * *' })
    await redis.client.hset(key('it'), 'cron', '0 11 * * *')
    expect(await declare({ cron: '0 9 * * *' })).toMatchObject({ outcome: 'unchanged' })
    expect(await get(beat)).toMatchObject({ cron: '0 11 * * *', declared: { differs: ['cron'] } })
  })

  it('a changed declaration changes the fields that code changed, and keeps the fields that only a person changed', async () => {
    const { beat, declare, overwritten } = deploy()
    await declare({ cron: '0 9 * * *', payload: { to: 'ops' }, retries: 1 })
    await beat.schedules.patch('it', { cron: '0 10 * * *', tags: ['kept'] })
    expect(await declare({ cron: '0 9 * * *', payload: { to: 'dev' } })).toMatchObject({ outcome: 'updated' })
    expect((await get(beat)).given).toEqual({
      task: 'job',
      cron: '0 10 * * *',
      payload: { to: 'dev' },
      tags: ['kept'],
    })
    expect(overwritten).toEqual([])
  })

  it('a declaration wins where code and a person changed the same field, and an event and the change list say so', async () => {
    const { beat, declare, overwritten } = deploy()
    await declare({ cron: '0 9 * * *' })
    await beat.schedules.patch('it', { every: '1h', note: 'mine' })
    await declare({ cron: '0 8 * * *' })
    expect((await get(beat)).given).toEqual({ task: 'job', cron: '0 8 * * *', note: 'mine' })
    expect(overwritten).toEqual([{ schedule: 'it', fields: ['cron', 'every'] }])
    const [change] = await beat.schedules.changes('it')
    expect(change).toMatchObject({
      via: 'declaration',
      conflicts: ['cron', 'every'],
      diff: { every: ['1h', null], cron: [null, '0 8 * * *'] },
    })
  })

  it('a declaration of a lower version changes nothing that a higher version declared, whatever the order of their starts', async () => {
    const [older, newer] = [deploy({ version: '1.9.0' }), deploy({ version: '1.10.0-rc.1' })]
    await older.declare({ every: '1h' })
    expect(await newer.declare({ every: '2h' })).toMatchObject({ outcome: 'updated' })
    expect(await older.declare({ every: '1h' })).toEqual({ outcome: 'outdated', revision: 2 })
    expect(await deploy({ version: '1.10.0' }).declare({ every: '2h' })).toMatchObject({ outcome: 'unchanged' })
    expect(await newer.declare({ every: '3h' })).toMatchObject({ outcome: 'outdated' })
    expect(await get(older.beat)).toMatchObject({ every: '2h', declared: { version: '1.10.0', differs: [] } })
  })

  it('`revert` restores the declaration', async () => {
    const { beat, declare } = deploy()
    await declare({ cron: '0 9 * * *' })
    expect(await beat.schedules.revert('it')).toEqual({ outcome: 'unchanged', revision: 1 })
    await beat.schedules.patch('it', { cron: '0 10 * * *', note: 'mine' })
    expect(await beat.schedules.revert('it')).toEqual({ outcome: 'updated', revision: 3 })
    expect((await get(beat)).given).toEqual({ task: 'job', cron: '0 9 * * *' })
    expect((await get(beat)).declared).toEqual({ differs: [] })
    await beat.schedules.put('other', { every: '1h' })
    expect(await beat.schedules.revert('other')).toEqual({ outcome: 'undeclared', revision: 1 })
    expect(await beat.schedules.revert('none')).toEqual({ outcome: 'missing', revision: 0 })
  })

  it('a declared schedule is created again at the next start after its removal, and the removal says so', async () => {
    const { beat, declare } = deploy()
    await declare({ every: '1h' })
    expect(await beat.schedules.remove('it')).toEqual({ outcome: 'removed', isDeclared: true })
    expect(await beat.schedules.changes('it')).toEqual([])
    expect(await declare({ every: '1h' })).toEqual({ outcome: 'created', revision: 1 })
    await beat.schedules.put('other', { every: '1h' })
    expect(await beat.schedules.remove('other')).toEqual({ outcome: 'removed' })
  })

  it('a declaration that contradicts an edit replaces the edit', async () => {
    const { beat, declare } = deploy()
    await declare({ solar: 'sunset', lat: 1, lon: 1 })
    await beat.schedules.patch('it', { every: '1h', lat: null, lon: null, anchor: '2026-01-01T00:00:00Z' })
    expect(await declare({ solar: 'sunrise', lat: 1, lon: 1 })).toMatchObject({ outcome: 'updated' })
    expect((await get(beat)).given).toEqual({ task: 'job', solar: 'sunrise', lat: 1, lon: 1 })
  })
})

describe('sync', () => {
  it('sync keeps live edits, and uses the version of the instance', async () => {
    const [older, newer] = [fleet.create({ version: '1.0.0' }), fleet.create({ version: '2.0.0' })]
    const owner = 'svc'
    const sync = (beat: Everybeat, every: string) => beat.sync({ it: { task: 'job', every } }, { owner })
    await sync(older, '1h')
    await older.schedules.patch('it', { every: '5h', note: 'mine' })
    expect(await sync(older, '1h')).toMatchObject({ unchanged: ['it'] })
    expect(await newer.sync({ it: { task: 'job', every: '1h', retries: 2 } }, { owner })).toMatchObject({
      updated: ['it'],
    })
    expect((await get(newer)).given).toEqual({ task: 'job', every: '5h', note: 'mine', retries: 2, owner })
    expect(await sync(older, '2h')).toMatchObject({ outcome: 'outdated' })
    expect((await get(newer)).every).toBe('5h')
  })

  it('sync keeps the pause of a person, also when it prunes and when the schedule is declared again', async () => {
    const beat = fleet.create()
    const options = { owner: 'svc', prune: 'pause' } as const
    await beat.sync({ it: { task: 'job', every: '1h' } }, options)
    await beat.schedules.pause('it', { note: 'no longer declared by svc' })
    expect(await beat.sync({}, options)).toMatchObject({ orphaned: ['it'], paused: [] })
    await beat.sync({ it: { task: 'job', every: '1h' } }, options)
    expect((await get(beat)).state).toBe('paused')
  })

  it('sync takes any iterable, and refuses an input that looks like an empty declaration', async () => {
    const beat = fleet.create()
    const options = { owner: 'svc', prune: 'remove' } as const
    const it = { name: 'it', task: 'job', every: '1h' }
    expect(await beat.sync(new Set([it]), options)).toMatchObject({ created: ['it'] })
    expect(await beat.sync([it].values(), options)).toMatchObject({ unchanged: ['it'] })
    for (const wrong of [new Map([['it', it]]), Promise.resolve([it]), 'it', null, 5, new Date(), [[it]], { it: 5 }]) {
      await expect(beat.sync(wrong as never, options)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS' })
    }
    await expect(beat.sync([it], { ...options, purne: 'pause' } as never)).rejects.toThrow(/"purne" is not known/)
    expect(await beat.schedules.count()).toBe(1)
  })
})
