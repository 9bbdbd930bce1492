import { describe, expect, it } from 'vitest'
import type { Change } from '../../src/index.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { readServerTime } from '../support/server-time.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const key = (kind: string, name: string) => `{${fleet.prefix()}}:${kind}:${name}`
const brief = (changes: Change[]) => changes.map(({ revision, by, via, kind, diff }) => [revision, by, via, kind, diff])

describe('the change list of a schedule', () => {
  it('the change list of a schedule gives the author, the origin and the changed fields of each edit, newest first', async () => {
    const { schedules } = fleet.create({ actor: 'anna' })
    const from = await readServerTime(redis.client)
    await schedules.put('it', { every: '1h', payload: { to: 'ops' } })
    await schedules.as({ actor: 'ben', via: 'cli' }).patch('it', { payload: { to: 'dev' }, note: 'why' })
    await schedules.as({ via: 'dashboard' }).patch('it', { note: null, enabled: false })
    await schedules.put('it', { every: '1h', payload: { to: 'dev' }, enabled: false })
    const changes = await schedules.changes('it')
    expect(brief(changes)).toEqual([
      [3, 'anna', 'dashboard', 'edit', { note: ['why', null], enabled: [null, false] }],
      [2, 'ben', 'cli', 'edit', { payload: [{ to: 'ops' }, { to: 'dev' }], note: [null, 'why'] }],
      [1, 'anna', 'api', 'create', { every: [null, '1h'], payload: [null, { to: 'ops' }] }],
    ])
    const instants = [from, ...changes.map(({ at }) => at.getTime()).reverse(), await readServerTime(redis.client)]
    expect(instants).toEqual(instants.toSorted((left, right) => left - right))
  })

  it('the change list of a schedule holds pauses and their ends', async () => {
    const { schedules } = fleet.create({ actor: 'anna' })
    await schedules.put('it', { every: '1h' })
    const until = new Date(Date.now() + 3_600_000)
    await schedules.pause('it', { note: 'holiday', until })
    await schedules.resume('it')
    expect(brief(await schedules.changes('it')).slice(0, 2)).toEqual([
      [1, 'anna', 'api', 'resume', { paused: [{ note: 'holiday', until }, null] }],
      [1, 'anna', 'api', 'pause', { paused: [null, { note: 'holiday', until }] }],
    ])
  })

  it('the change list of a schedule names the engine as the author of a pause by pauseAfter, and the author of its end', async () => {
    const beat = fleet.create({ actor: 'anna' })
    beat.task('it', () => Promise.reject(new Error('no')))
    await beat.start()
    await beat.schedules.put('it', { every: 100, pauseAfter: 2 })
    const isPaused = async () => (await beat.schedules.get('it'))?.state === 'paused'
    await waitFor(isPaused, { what: 'the pause' })
    const note = 'paused after 2 failures in a row'
    expect(brief(await beat.schedules.changes('it'))).toEqual([
      [1, 'everybeat', 'api', 'pause', { paused: [null, { note }] }],
      [1, 'anna', 'api', 'create', { every: [null, 100], pauseAfter: [null, 2] }],
    ])
    await beat.schedules.patch('it', { every: '1h' })
    await beat.schedules.resume('it')
    expect(brief(await beat.schedules.changes('it')).slice(0, 3)).toEqual([
      [2, 'anna', 'api', 'resume', { paused: [{ note }, null] }],
      [2, 'anna', 'api', 'edit', { every: [100, '1h'] }],
      [1, 'everybeat', 'api', 'pause', { paused: [null, { note }] }],
    ])
  })

  it('the change list of a schedule marks declarations and syncs as such', async () => {
    const beat = fleet.create()
    await beat.task('job', () => 1).schedule('one', { every: '1h' })
    await beat.sync({ two: { task: 'job', every: '1h' } }, { owner: 'svc' })
    expect((await beat.schedules.changes('one')).map(({ via }) => via)).toEqual(['declaration'])
    expect((await beat.schedules.changes('two')).map(({ via }) => via)).toEqual(['sync'])
  })

  it('the change list of a schedule records an edit by a bare HSET when a worker notices it, without an author', async () => {
    const beat = fleet.create({ actor: 'anna' })
    beat.task('it', () => 1)
    await beat.start()
    await beat.schedules.put('it', { every: '1h', note: 'old' })
    await redis.client.hset(key('schedule', 'it'), 'note', 'new', 'retries', '2')
    await waitFor(async () => (await beat.schedules.changes('it')).length === 2, { what: 'the edit in the list' })
    expect(brief(await beat.schedules.changes('it'))[0]).toEqual([
      2,
      undefined,
      'hset',
      'edit',
      { note: ['old', 'new'], retries: [null, 2] },
    ])
  })

  it('the change list of a schedule records an edit by a bare HSET just before one through the API', async () => {
    const { schedules } = fleet.create({ actor: 'anna' })
    await schedules.put('it', { every: '1h' })
    await redis.client.hset(key('schedule', 'it'), 'note', 'bare')
    await schedules.patch('it', { retries: 1 })
    expect(brief(await schedules.changes('it')).slice(0, 2)).toEqual([
      [3, 'anna', 'api', 'edit', { retries: [null, 1] }],
      [2, undefined, 'hset', 'edit', { note: [null, 'bare'] }],
    ])
  })

  it('the change list of a schedule that plain commands create has the creation, and is deleted with the schedule', async () => {
    const beat = fleet.create({ actor: 'anna' })
    await beat.start()
    await redis.client.hset(key('schedule', 'bare'), 'task', 'none', 'every', '1h')
    await waitFor(async () => (await beat.schedules.changes('bare')).length === 1, { what: 'the creation in the list' })
    expect(brief(await beat.schedules.changes('bare'))).toEqual([
      [1, undefined, 'hset', 'create', { task: [null, 'none'], every: [null, '1h'] }],
    ])
    await redis.client.del(key('schedule', 'bare'))
    await waitFor(async () => (await redis.client.exists(key('changes', 'bare'))) === 0, {
      what: 'the removal of the list',
    })
  })

  it('the change list of a schedule is bounded also for edits by plain commands', async () => {
    const beat = fleet.create()
    await beat.start()
    await beat.schedules.put('it', { task: 'none', every: '1h' })
    for (let retries = 1; retries <= 23; retries++) {
      await redis.client.hset(key('schedule', 'it'), 'retries', retries)
      const isNoticed = async () => (await beat.schedules.changes('it'))[0]?.revision === retries + 1
      await waitFor(isNoticed, { what: `edit ${retries} in the list` })
    }
    const changes = await beat.schedules.changes('it')
    expect(changes).toHaveLength(20)
    expect(new Set(changes.map(({ via }) => via))).toEqual(new Set(['hset']))
  })

  it('the change list of a schedule keeps the last 20 edits, and is deleted with the schedule', async () => {
    const { schedules } = fleet.create()
    for (let retries = 1; retries <= 25; retries++) await schedules.put('it', { every: '1h', retries })
    const changes = await schedules.changes('it')
    expect(changes.map(({ revision }) => revision)).toEqual(Array.from({ length: 20 }, (_, index) => 25 - index))
    await schedules.remove('it')
    expect(await redis.client.exists(key('changes', 'it'))).toBe(0)
    await schedules.put('it', { every: '1h' })
    expect(await schedules.changes('it')).toHaveLength(1)
  })

  it('the change list of a schedule stays small when payloads are large, and keeps the newest edit whatever its size', async () => {
    const { schedules } = fleet.create()
    for (const letter of 'abcdef') await schedules.put('it', { every: '1h', payload: letter.repeat(100_000) })
    const entries = await redis.client.lrange(key('changes', 'it'), 2, -1)
    expect(entries.join('').length).toBeLessThan(300_000)
    expect((await schedules.changes('it'))[0]).toMatchObject({ revision: 6 })
  })

  it('the change list of a schedule begins again after its key was overwritten', async () => {
    const { schedules } = fleet.create()
    await schedules.put('it', { every: '90m' })
    await schedules.put('it', { every: '1h' })
    await redis.client.set(key('changes', 'it'), 'nonsense')
    await schedules.put('it', { every: '2h' })
    expect(brief(await schedules.changes('it'))).toEqual([[3, undefined, 'api', 'edit', { every: ['1h', '2h'] }]])
  })
})

describe('a rollback', () => {
  it('a rollback restores the definition of a revision, and is a change itself', async () => {
    const { schedules } = fleet.create({ actor: 'anna' })
    await schedules.put('it', { cron: '0 9 * * *', payload: [1] })
    await schedules.put('it', { every: '1h', note: 'second' })
    await schedules.patch('it', { every: '2h' })
    expect(await schedules.rollback('it', 1)).toEqual({ outcome: 'updated', revision: 4 })
    expect((await schedules.get('it'))!.given).toEqual({ cron: '0 9 * * *', payload: [1] })
    expect((await schedules.changes('it'))[0]).toMatchObject({ revision: 4, by: 'anna', kind: 'rollback' })
    expect(await schedules.rollback('it', 3)).toEqual({ outcome: 'updated', revision: 5 })
    expect((await schedules.get('it'))!.given).toEqual({ every: '2h', note: 'second' })
    expect(await schedules.rollback('it', 5)).toEqual({ outcome: 'unchanged', revision: 5 })
  })

  it('a rollback to a revision that is not kept is refused, and the error names the kept revisions', async () => {
    const { schedules } = fleet.create()
    for (let retries = 1; retries <= 25; retries++) await schedules.put('it', { every: '1h', retries })
    await expect(schedules.rollback('it', 3)).rejects.toThrow(/revision: 3 cannot be used; allowed: .*5 to 25/)
    expect(await schedules.rollback('it', 5)).toEqual({ outcome: 'updated', revision: 26 })
    expect((await schedules.get('it'))!.retries).toBe(5)
    expect(await schedules.rollback('none', 1)).toEqual({ outcome: 'missing', revision: 0 })
  })
})

describe('a list of schedules', () => {
  it('a list of schedules in the order of the next run begins with the earliest, and its pages hold each schedule once', async () => {
    const { schedules } = fleet.create({ shards: 3 })
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000)
    for (const index of [5, 3, 9, 1, 7]) await schedules.put(`s${index}`, { at: at(index) })
    await schedules.put('paused', { at: at(2) })
    await schedules.pause('paused', { until: at(4) })
    await schedules.put('finished', { at: at(2), enabled: false })
    const names: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof schedules.list>> = await schedules.list({ order: 'next', limit: 2, cursor })
      names.push(...page.map(({ name }) => name))
      cursor = page.cursor
    } while (cursor !== null)
    expect(names.slice(0, 5)).toEqual(['s1', 's3', 's5', 's7', 's9'])
    expect(names.slice(5).sort()).toEqual(['finished', 'paused'])
  })

  it('a list of schedules in the order of the last occurrence begins with the latest', async () => {
    const { schedules } = fleet.create({ shards: 2 })
    for (const name of ['a', 'b', 'c', 'd']) await schedules.put(name, { every: '1d' })
    for (const shard of [0, 1]) {
      for (const [name, last] of Object.entries({ b: 1_000, c: 3_000, d: 2_000 })) {
        const state = `{${fleet.prefix()}:${shard}}:state:${name}`
        if ((await redis.client.exists(state)) === 1) await redis.client.hset(state, 'last', last)
      }
    }
    const first = await schedules.list({ order: 'last', limit: 3 })
    const rest = await schedules.list({ order: 'last', limit: 3, cursor: first.cursor })
    expect([...first, ...rest].map(({ name }) => name)).toEqual(['c', 'd', 'b', 'a'])
    expect(rest.cursor).toBeNull()
  })

  it('a list of schedules can show one state, and refuses an unknown order, state or field', async () => {
    const { schedules } = fleet.create()
    await schedules.putMany([
      { name: 'a', every: '1h' },
      { name: 'b', every: '1h' },
    ])
    await schedules.pause('b')
    expect((await schedules.list({ state: 'paused' })).map(({ name }) => name)).toEqual(['b'])
    await expect(schedules.list({ order: 'first' } as never)).rejects.toThrow(/order: "first"/)
    await expect(schedules.list({ state: 'broken' } as never)).rejects.toThrow(/state: "broken"/)
    await expect(schedules.list({ mach: 'a*' } as never)).rejects.toThrow(/did you mean match/)
  })

  it('a list of schedules matches a long name against a pattern with many stars without delay', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a'.repeat(500), { every: '1h' })
    const startedAt = process.cpuUsage()
    expect(await schedules.list({ match: `${'*a'.repeat(30)}*b` })).toHaveLength(0)
    expect(process.cpuUsage(startedAt).user).toBeLessThan(2_000_000)
    expect(await schedules.list({ match: '*a?a*' })).toHaveLength(1)
  })
})

describe('a one-shot that code declares', () => {
  it('a one-shot that code declares runs once, also when it was removed after its run and the code declares it again', async () => {
    const starts: string[] = []
    const at = new Date(Date.now() + 200)
    for (let deploy = 0; deploy < 3; deploy++) {
      const beat = fleet.create()
      const task = beat.task('job', (run) => void starts.push(run.id))
      await task.schedule('it', { at, removeAfter: 100 })
      await beat.start()
      if (deploy === 0) await waitFor(() => starts.length === 1, { what: 'the run' })
      await waitFor(async () => (await beat.schedules.get('it')) === null, { what: 'the removal' })
      await beat.stop()
    }
    expect(starts).toHaveLength(1)
    const beat = fleet.create()
    const task = beat.task('job', (run) => void starts.push(run.id))
    expect(await task.schedule('it', { at: new Date(Date.now() + 60_000), removeAfter: 100 })).toMatchObject({
      outcome: 'created',
    })
  })

  it('a one-shot that code declares runs once, also when a person removed it after its run', async () => {
    const starts: string[] = []
    const at = new Date(Date.now() + 200)
    const first = fleet.create()
    await first.task('job', (run) => void starts.push(run.id)).schedule('it', { at })
    await first.start()
    await waitFor(async () => (await first.schedules.get('it'))?.state === 'finished', { what: 'the end of the run' })
    expect(await first.schedules.remove('it')).toEqual({ outcome: 'removed' })
    const second = fleet.create()
    const task = second.task('job', (run) => void starts.push(run.id))
    expect(await task.schedule('it', { at })).toMatchObject({ outcome: 'unchanged' })
    expect(await second.sync({ it: { task: 'job', at } }, { owner: 'svc' })).toMatchObject({ unchanged: ['it'] })
    expect(await second.schedules.get('it')).toBeNull()
    expect(starts).toHaveLength(1)
    // A person who writes the definition again wants it to run again.
    await second.start()
    await second.schedules.put('it', { task: 'job', at })
    await waitFor(() => starts.length === 2, { what: 'the second run' })
  })

  it('a one-shot that code declares runs once, also when a person removed it during its run', async () => {
    const starts: string[] = []
    const first = fleet.create()
    let end = (): void => {}
    const task = first.task('job', (run) => new Promise<void>((resolve) => void ((end = resolve), starts.push(run.id))))
    const at = new Date(Date.now() + 200)
    await task.schedule('it', { at })
    await first.start()
    await waitFor(() => starts.length === 1, { what: 'the run' })
    expect(await first.schedules.remove('it')).toEqual({ outcome: 'removed' })
    expect(await task.schedule('it', { at })).toMatchObject({ outcome: 'unchanged' })
    end()
    const second = fleet.create()
    expect(await second.task('job', () => 1).schedule('it', { at })).toMatchObject({ outcome: 'unchanged' })
    expect(await second.schedules.get('it')).toBeNull()
  })
})
