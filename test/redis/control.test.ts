import { describe, expect, it } from 'vitest'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)

describe('put', () => {
  it('put creates and updates, reports an unchanged definition, and refuses another revision than the expected one', async () => {
    const { schedules } = fleet.create()
    expect(await schedules.put('a', { cron: '0 9 * * *' })).toEqual({ outcome: 'created', revision: 1 })
    expect(await schedules.put('a', { cron: '0 9 * * *' })).toEqual({ outcome: 'unchanged', revision: 1 })
    expect(await schedules.put('a', { cron: '0 10 * * *' }, { ifRevision: 1 })).toEqual({
      outcome: 'updated',
      revision: 2,
    })
    expect(await schedules.put('a', { cron: '0 11 * * *' }, { ifRevision: 1 })).toEqual({
      outcome: 'conflict',
      revision: 2,
    })
    expect(await schedules.put('b', { every: '1m' }, { ifRevision: 0 })).toEqual({ outcome: 'created', revision: 1 })
    expect(await schedules.put('b', { every: '2m' }, { ifRevision: 0 })).toEqual({ outcome: 'conflict', revision: 1 })
    expect(await schedules.get('a')).toMatchObject({ cron: '0 10 * * *', revision: 2 })
  })

  it('put of the same definition changes no key', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1h', payload: { x: 1 } })
    const dump = async () =>
      Promise.all((await redis.client.keys(`{${fleet.prefix()}}*`)).sort().map((key) => redis.client.dump(key)))
    const before = await dump()
    await schedules.put('a', { every: '1h', payload: { x: 1 } })
    expect(await dump()).toEqual(before)
  })

  it('put of the same definition at boot keeps a due occurrence', async () => {
    const beat = fleet.create()
    await beat.schedules.put('daily', { cron: '0 0 * * *', task: 'job' })
    const keys = `{${fleet.prefix()}}`
    const yesterday = Math.floor(Date.now() / 86_400_000) * 86_400_000
    // The fleet was down at midnight: the occurrence is overdue, and a deploy declares the schedule again.
    await redis.client.hset(`${keys}:state:daily`, 'plan', `${yesterday} ${yesterday + 86_400_000}`)
    await redis.client.zadd(`${keys}:due`, yesterday, 'daily')
    const runs: Date[] = []
    const task = beat.task('job', (run) => void runs.push(run.scheduledAt))
    expect(await task.schedule('daily', { cron: '0 0 * * *' })).toMatchObject({ outcome: 'unchanged' })
    const ran = new Promise((resolve) => beat.once('run:succeeded', resolve))
    await beat.start()
    await ran
    expect(runs).toEqual([new Date(yesterday)])
  })

  it.each([
    ['no trigger', {}, 'ERR_EVERYBEAT_DEFINITION'],
    ['two triggers', { cron: '* * * * *', every: '1m' }, 'ERR_EVERYBEAT_DEFINITION'],
    ['an unknown field', { every: '1m', evry: 1 }, 'ERR_EVERYBEAT_DEFINITION'],
    ['a bad duration', { every: 'soon' }, 'ERR_EVERYBEAT_DURATION'],
    ['a bad zone', { cron: '* * * * *', tz: 'Mars/Base' }, 'ERR_EVERYBEAT_ZONE'],
    ['a bad cron', { cron: '61 * * * *' }, 'ERR_EVERYBEAT_CRON'],
    ['a bad policy', { every: '1m', overlap: 'maybe' }, 'ERR_EVERYBEAT_DEFINITION'],
  ])('put refuses %s with its code, and writes nothing', async (_, definition, code) => {
    const { schedules } = fleet.create()
    await expect(schedules.put('bad', definition as never)).rejects.toMatchObject({ name: 'EverybeatError', code })
    expect(await redis.client.keys(`{${fleet.prefix()}}*`)).toEqual([])
  })

  it.each(['', 'x'.repeat(513), 'a\nb', 'a\u0000b'])('put refuses the name %j', async (name) => {
    const { schedules } = fleet.create()
    await expect(schedules.put(name, { every: '1m' })).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_NAME' })
    expect(await redis.client.keys(`{${fleet.prefix()}}*`)).toEqual([])
  })
})

describe('putMany', () => {
  it('putMany writes in batches and reports its progress, and writes nothing when one definition is refused', async () => {
    const { schedules } = fleet.create()
    const many = Array.from({ length: 2_500 }, (_, index) => ({ name: `s${index}`, every: '1h', spread: true }))
    const seen: number[] = []
    expect(await schedules.putMany(many, { onProgress: ({ done }) => seen.push(done) })).toEqual({
      created: 2_500,
      updated: 0,
      unchanged: 0,
    })
    // Batches go side by side: the short last one may be done first.
    expect(seen).toEqual([...seen].sort((left, right) => left - right))
    expect(seen.at(-1)).toBe(2_500)
    expect(await schedules.count()).toBe(2_500)
    const broken = [
      { name: 'new', every: '1h' },
      { name: 'bad', every: 'never' },
    ]
    await expect(schedules.putMany(broken)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_DURATION' })
    expect(await schedules.get('new')).toBeNull()
  })
})

describe('patch', () => {
  it('patch changes fields, removes them, replaces the trigger, and reports a missing schedule', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1m', note: 'x', payload: 1 })
    expect(await schedules.patch('a', { note: null, payload: 2 })).toEqual({ outcome: 'updated', revision: 2 })
    const after = await schedules.get('a')
    expect(after).toMatchObject({ every: '1m', payload: 2 })
    expect(after).not.toHaveProperty('note', 'x')
    await schedules.patch('a', { cron: '0 0 * * *' })
    expect(await schedules.get('a')).toMatchObject({ cron: '0 0 * * *' })
    expect(await schedules.get('a')).not.toHaveProperty('every')
    expect(await schedules.patch('none', { note: 'x' })).toEqual({ outcome: 'missing', revision: 0 })
  })

  it('patch loses no edit that others make at the same time', async () => {
    const [one, two] = [fleet.create().schedules, fleet.create().schedules]
    await one.put('a', { every: '1m', tags: [] })
    await Promise.all([
      one.patch('a', { note: 'n' }),
      two.patch('a', { payload: 'p' }),
      one.patch('a', { tags: ['t'] }),
    ])
    expect(await one.get('a')).toMatchObject({ note: 'n', payload: 'p', tags: ['t'] })
  })
})

describe('list', () => {
  it('list pages through every schedule once, in order, and filters', async () => {
    const { schedules } = fleet.create()
    const names = Array.from({ length: 25 }, (_, index) => `job-${String(index).padStart(2, '0')}`)
    await schedules.putMany(names.map((name, index) => ({ name, every: '1h', tags: index % 5 === 0 ? ['five'] : [] })))
    const found: string[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof schedules.list>> = await schedules.list({ limit: 10, cursor })
      found.push(...page.map(({ name }) => name))
      cursor = page.cursor
    } while (cursor !== null)
    expect(found).toEqual(names)
    expect((await schedules.list({ tag: 'five' })).map(({ name }) => name)).toHaveLength(5)
    expect((await schedules.list({ match: 'job-1?' })).map(({ name }) => name)).toHaveLength(10)
    expect(await schedules.list({ task: 'none' })).toHaveLength(0)
  })
})

describe('remove', () => {
  it('remove leaves no key behind', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '1m' })
    await schedules.trigger('a')
    expect(await schedules.remove('a')).toEqual({ outcome: 'removed' })
    expect(await schedules.remove('a')).toEqual({ outcome: 'missing' })
    expect(await redis.client.keys(`{${fleet.prefix()}}*`)).toEqual([])
  })
})

describe('pause and resume', () => {
  it('a pause keeps the definition and survives a declaration, and resume continues from now', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { every: '100ms' })
    expect(await schedules.pause('a', { note: 'maintenance' })).toEqual({ outcome: 'paused', revision: 1 })
    expect(await schedules.get('a')).toMatchObject({ state: 'paused', next: null, paused: { note: 'maintenance' } })
    expect(await schedules.put('a', { every: '100ms' })).toMatchObject({ outcome: 'unchanged' })
    expect(await schedules.put('a', { every: '200ms' })).toMatchObject({ outcome: 'updated' })
    expect(await schedules.get('a')).toMatchObject({ state: 'paused' })
    expect(await redis.client.zscore(`{${fleet.prefix()}}:due`, 'a')).toBeNull()
    const before = Date.now()
    expect(await schedules.resume('a')).toMatchObject({ outcome: 'resumed' })
    const after = await schedules.get('a')
    expect(after).toMatchObject({ state: 'active', every: '200ms' })
    expect(Number(after!.next)).toBeGreaterThan(before - 1)
    expect(await schedules.resume('a')).toMatchObject({ outcome: 'unchanged' })
    expect(await schedules.resume('none')).toMatchObject({ outcome: 'missing' })
  })
})

describe('sync', () => {
  it('sync changes only schedules of its owner, and returns the difference', async () => {
    const beat = fleet.create()
    await beat.schedules.put('foreign', { every: '1m' })
    await beat.schedules.put('b', { every: '1m' })
    const declared = [
      { name: 'a', every: '1m' },
      { name: 'b', every: '1m' },
    ]
    expect(await beat.sync(declared, { owner: 'web', dryRun: true })).toMatchObject({
      outcome: 'planned',
      created: ['a'],
      conflicts: ['b'],
    })
    expect(await beat.schedules.get('a')).toBeNull()
    expect(await beat.sync(declared, { owner: 'web' })).toMatchObject({
      outcome: 'applied',
      created: ['a'],
      conflicts: ['b'],
    })
    expect(await beat.sync([{ name: 'c', every: '1m' }], { owner: 'web' })).toMatchObject({
      created: ['c'],
      orphaned: ['a'],
      removed: [],
    })
    expect(await beat.sync([{ name: 'c', every: '1m' }], { owner: 'web', prune: 'remove' })).toMatchObject({
      unchanged: ['c'],
      removed: ['a'],
    })
    expect((await beat.schedules.list()).map(({ name }) => name)).toEqual(['b', 'c', 'foreign'])
  })

  it('sync does not let a lower version overwrite a higher one', async () => {
    const beat = fleet.create()
    await beat.sync([{ name: 'a', every: '2m' }], { owner: 'web', version: '1.10.0' })
    expect(await beat.sync([{ name: 'a', every: '1m' }], { owner: 'web', version: '1.9.3' })).toMatchObject({
      outcome: 'outdated',
    })
    expect(await beat.schedules.get('a')).toMatchObject({ every: '2m' })
  })
})

describe('next', () => {
  it('next gives the instants strictly after now, and none for a schedule that does not exist', async () => {
    const { schedules } = fleet.create()
    await schedules.put('a', { cron: '0 9 * * *', tz: 'Asia/Shanghai' })
    const next = await schedules.next('a', 3)
    expect(next).toHaveLength(3)
    expect(next.every(({ at }) => at.getUTCHours() === 1 && Number(at) > Date.now())).toBe(true)
    expect(await schedules.next('none', 3)).toEqual([])
  })
})
