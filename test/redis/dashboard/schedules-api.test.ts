import { describe, expect, it } from 'vitest'
import { createDashboard, type DashboardOptions } from '../../../src/dashboard/index.js'
import { DashboardClient } from '../../support/dashboard.js'
import { nextEvent, useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const open = (options: DashboardOptions = {}) => new DashboardClient(createDashboard(fleet.create(), options))

describe('GET schedules', () => {
  it('GET schedules pages by name, gives each schedule once, and gives their total', async () => {
    const beat = fleet.create()
    const names = Array.from({ length: 25 }, (_, index) => `s-${String(index).padStart(2, '0')}`)
    await beat.schedules.putMany(names.map((name) => ({ name, every: '1h', task: 't' })))
    const client = open()
    const seen: string[] = []
    let cursor: string | null = ''
    do {
      const { body } = await client.get(`schedules?limit=10&cursor=${encodeURIComponent(cursor)}`)
      expect(body.total).toBe(25)
      seen.push(...body.schedules.map(({ name }: { name: string }) => name))
      cursor = body.cursor
    } while (cursor !== null)
    expect(seen).toEqual(names)
  })

  it('GET schedules searches names, tasks, tags and owners, filters and sorts, and pages through the matches', async () => {
    const beat = fleet.create()
    // Periods of an epoch meet at some hours of the day, and then the name decides: these instants never do.
    const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000)
    await beat.schedules.putMany([
      { name: 'invoice-export', task: 'export', at: inHours(3), tags: ['billing'], owner: 'shop' },
      { name: 'invoice-mail', task: 'mail', at: inHours(1), tags: ['billing', 'mail'] },
      { name: 'digest', task: 'mail', at: inHours(2) },
      { name: 'vacuum', task: 'db', every: '1m', enabled: false },
    ])
    const client = open()
    const found = async (query: string) =>
      (await client.get(`schedules?${query}`)).body.schedules.map(({ name }: { name: string }) => name)
    expect(await found('q=INVOICE')).toEqual(['invoice-export', 'invoice-mail'])
    expect(await found('q=mail')).toEqual(['digest', 'invoice-mail'])
    expect(await found('q=tag:billing%20mail')).toEqual(['invoice-mail'])
    expect(await found('tag=billing&task=export')).toEqual(['invoice-export'])
    expect(await found('owner=shop')).toEqual(['invoice-export'])
    expect(await found('state=paused')).toEqual(['vacuum'])
    expect(await found('sort=-name')).toEqual(['vacuum', 'invoice-mail', 'invoice-export', 'digest'])
    expect((await found('sort=next')).at(-1)).toBe('vacuum')
    const ordered = await client.get('schedules?sort=next&limit=2')
    expect(await found(`sort=next&cursor=${encodeURIComponent(ordered.body.cursor)}`)).toEqual([
      'invoice-export',
      'vacuum',
    ])
    const first = await client.get('schedules?q=mail&limit=1')
    expect(first.body.total).toBe(2)
    expect(await found(`q=mail&limit=1&cursor=${first.body.cursor}`)).toEqual(['invoice-mail'])
  })

  it('GET schedules finds a schedule at once that another process has just written', async () => {
    const beat = fleet.create()
    const client = open()
    await beat.schedules.put('first', { every: '1h' })
    expect((await client.get('schedules?q=f')).body.schedules).toHaveLength(1)
    await beat.schedules.put('fresh', { every: '1h' })
    await expect.poll(async () => (await client.get('schedules?q=fresh')).body.total).toBe(1)
  })

  it.each(['limit=0', 'limit=x', 'state=gone', 'sort=colour', 'cursor=%7B&q=x', 'cursor=list:next:eA&sort=next'])(
    'GET schedules refuses %s',
    async (query) => {
      const { status, body, headers } = await open().get(`schedules?${query}`)
      expect(status).toBe(400)
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(body).toMatchObject({ status: 400, field: query.split('=')[0], code: 'ERR_DASHBOARD_REQUEST' })
    },
  )
})

describe('one schedule', () => {
  it('one schedule is shown with its revision as ETag, in words, with its next instants and their clock changes', async () => {
    const client = open()
    await client.create('night', { cron: '30 2 * * *', tz: 'America/New_York', start: '2027-03-13T00:00:00Z' })
    const { status, body, headers } = await client.get('schedules/night')
    expect(status).toBe(200)
    expect(headers.get('etag')).toBe(`"${body.revision}"`)
    expect(body).toMatchObject({ name: 'night', state: 'active', words: expect.stringContaining('02:30') })
    const { next } = (await client.get('schedules/night/next?count=2')).body
    expect(next).toHaveLength(2)
    expect(next[1].note).toMatch(/does not exist/)
  })

  it.each(['', '/next', '/history', '/changes', '/explain'])(
    'a missing schedule is answered with 404 at %s',
    async (end) => {
      const answer = await open().get(`schedules/nothing${end}`)
      expect(answer).toMatchObject({ status: 404, body: { code: 'ERR_DASHBOARD_NOT_FOUND', schedule: 'nothing' } })
    },
  )

  it.each(['a/b', 'ünïcode & co', '100%', 'x?y#z', 'schedules:pause', 'a:b'])(
    'one schedule may have the name %s',
    async (name) => {
      const client = open()
      await client.create(name, { every: '1h' })
      expect((await client.get(`schedules/${encodeURIComponent(name)}`)).body.name).toBe(name)
      expect((await client.post(`schedules/${encodeURIComponent(name)}/pause`, { note: 'x' })).body.outcome).toBe(
        'paused',
      )
    },
  )

  it('one schedule is written, changed and removed', async () => {
    const client = open()
    const created = await client.send('PUT', 'schedules/a', { every: '1h', task: 't' })
    expect(created).toMatchObject({ status: 201, body: { outcome: 'created', name: 'a', schedule: { name: 'a' } } })
    const etag = created.headers.get('etag')!
    const patched = await client.send('PATCH', 'schedules/a', { every: '2h', note: 'why' }, { 'if-match': etag })
    expect(patched).toMatchObject({
      status: 200,
      body: { outcome: 'updated', schedule: { given: { every: '2h', note: 'why' } } },
    })
    expect((await client.send('DELETE', 'schedules/a')).body).toEqual({ outcome: 'removed' })
    expect((await client.get('schedules/a')).status).toBe(404)
  })

  it.each(['PUT', 'PATCH'])(
    '%s answers a late edit with both versions of the definition, and writes nothing',
    async (method) => {
      const client = open()
      await client.create('a', { every: '1h' })
      const { revision } = (await client.get('schedules/a')).body
      await client.send('PATCH', 'schedules/a', { every: '2h' }, { 'if-match': `"${revision}"` })
      const late = await client.send(method, 'schedules/a', { every: '3h' }, { 'if-match': `"${revision}"` })
      expect(late).toMatchObject({
        status: 412,
        body: {
          code: 'ERR_DASHBOARD_CONFLICT',
          revision: revision + 1,
          theirs: { every: '2h' },
          yours: { every: '3h' },
        },
      })
      expect((await client.get('schedules/a')).body.given.every).toBe('2h')
    },
  )

  it('PUT and PATCH of an existing schedule require its revision', async () => {
    const client = open()
    await client.create('a', { every: '1h' })
    for (const method of ['PUT', 'PATCH']) {
      expect((await client.send(method, 'schedules/a', { every: '2h' })).status).toBe(428)
    }
    expect((await client.send('PUT', 'schedules/a', { every: '2h' }, { 'if-match': '*' })).status).toBe(200)
    expect((await client.send('DELETE', 'schedules/a', {}, { 'if-match': '"1"' })).status).toBe(412)
  })

  it.each([
    [{ cron: '61 * * * *' }, 'cron'],
    [{ every: '1h', retries: -1 }, 'retries'],
    [{ every: '1h', colour: 'red' }, 'colour'],
    [{}, 'cron'],
  ])('a schedule is not written when its definition is %j', async (definition, field) => {
    const client = open()
    const answer = await client.send('PUT', 'schedules/a', definition)
    expect(answer).toMatchObject({ status: 422, body: { field } })
    expect(answer.body.code).toMatch(/^ERR_EVERYBEAT_/)
    expect((await client.get('schedules/a')).status).toBe(404)
    expect(await client.post('preview', definition)).toMatchObject({ status: 422, body: { field } })
  })

  it.each(['{', '[]', '"x"', '7'])('a request about one schedule refuses the body %s', async (body) => {
    const headers = { 'content-type': 'application/json', 'x-everybeat': '1' }
    const response = await open().fetch('/api/schedules/a', { method: 'PUT', body, headers })
    expect(response.status).toBe(400)
  })
})

describe('actions', () => {
  it('a schedule is paused with a note until an instant, and is resumed', async () => {
    const client = open()
    await client.create('a', { every: '1h' })
    const until = '2099-01-01T00:00:00.000Z'
    expect((await client.post('schedules/a/pause', { note: 'moving', until })).body.outcome).toBe('paused')
    expect((await client.get('schedules/a')).body).toMatchObject({ state: 'paused', paused: { note: 'moving', until } })
    expect((await client.post('schedules/a/resume')).body.outcome).toBe('resumed')
    expect((await client.get('schedules/a')).body.state).toBe('active')
  })

  it('a manual run has another payload, and the run is cancelled', async () => {
    const beat = fleet.create()
    const started = nextEvent(beat, 'run:started')
    const seen: unknown[] = []
    beat.task('t', async ({ payload, signal }) => {
      seen.push(payload)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    await beat.start()
    const client = open()
    await client.create('a', { every: '1h', task: 't', payload: 1 })
    const asked = await client.post('schedules/a/run', { payload: { to: 'ops' } })
    expect(asked).toMatchObject({ status: 202, body: { outcome: 'triggered', runId: expect.stringContaining('a@') } })
    await started
    expect(seen).toEqual([{ to: 'ops' }])
    const { runs } = (await client.get('runs?state=running')).body
    expect(runs).toMatchObject([{ schedule: 'a', state: 'running', runId: asked.body.runId }])
    const failed = nextEvent(beat, 'run:failed')
    const cancelled = await client.post(`runs/${encodeURIComponent(asked.body.runId)}/cancel`)
    expect(cancelled.body.outcome).toBe('cancelling')
    expect((await failed).reason).toBe('cancelled')
    expect((await client.post('runs/nothing@1/cancel')).status).toBe(404)
  })

  it('skip-next skips the next occurrence and no other', async () => {
    const client = open()
    await client.create('a', { cron: '0 9 * * *' })
    const before = (await client.get('schedules/a/next?count=2')).body.next
    const { body } = await client.post('schedules/a/skip-next')
    expect(body).toMatchObject({ outcome: 'updated', skipped: before[0].at, next: before[1].at })
    await client.post('schedules/a/pause')
    expect((await client.post('schedules/a/skip-next')).status).toBe(409)
  })

  it('a dry run of a backfill gives the occurrences that would run', async () => {
    const client = open()
    await client.create('a', { cron: '0 * * * *' })
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T03:00:00Z', dryRun: true }
    expect((await client.post('schedules/a/backfill', range)).body).toMatchObject({ outcome: 'planned', count: 4 })
    expect((await client.post('schedules/a/backfill', { ...range, from: 'soon' })).status).toBe(422)
  })

  it('actions refuse unknown fields, and schedules that do not exist', async () => {
    const client = open()
    await client.create('a', { every: '1h' })
    expect(await client.post('schedules/a/pause', { reason: 'x' })).toMatchObject({
      status: 400,
      body: { field: 'reason' },
    })
    for (const verb of ['pause', 'resume', 'run', 'skip-next', 'revert']) {
      expect((await client.post(`schedules/nothing/${verb}`)).status, verb).toBe(404)
    }
  })

  it('an action on many schedules gives the outcome for each of them', async () => {
    const client = open()
    for (const name of ['a', 'b']) await client.create(name, { every: '1h' })
    const { body } = await client.post('schedules:pause', { names: ['a', 'nothing', 'b'], note: 'all' })
    expect(body.results).toEqual([
      { name: 'a', outcome: 'paused' },
      { name: 'nothing', outcome: 'missing' },
      { name: 'b', outcome: 'paused' },
    ])
    expect(body.counts).toEqual({ paused: 2, missing: 1 })
    expect((await client.get('schedules?state=paused')).body.total).toBe(2)
    expect((await client.post('schedules:resume', { names: ['a'] })).body.counts).toEqual({ resumed: 1 })
    expect((await client.post('schedules%3Adelete', { names: ['a', 'b'] })).body.counts).toEqual({ removed: 2 })
    for (const wrong of [{ note: 7 }, { until: true }, { reason: 'x' }]) {
      const answer = await client.post('schedules:pause', { names: ['a'], ...wrong })
      expect(answer).toMatchObject({ status: 400, body: { field: Object.keys(wrong)[0] } })
    }
    for (const names of [undefined, [], 'a', [1], Array.from({ length: 1_001 }, String)]) {
      expect((await client.post('schedules:pause', { names })).status).toBe(400)
    }
  })
})

describe('changes', () => {
  it('changes name their user, and can be rolled back and reverted', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '1h' })
    const dashboard = createDashboard(beat, { authorize: () => ({ user: 'ana', role: 'edit' }) })
    const client = new DashboardClient(dashboard)
    const { revision } = (await client.get('schedules/a')).body
    await client.send('PATCH', 'schedules/a', { every: '2h' }, { 'if-match': `"${revision}"` })
    await client.post('schedules/a/pause', { note: 'why' })
    const { changes } = (await client.get('schedules/a/changes')).body
    expect(changes.slice(0, 2)).toMatchObject([
      { by: 'ana', via: 'dashboard', kind: 'pause' },
      { by: 'ana', via: 'dashboard', diff: { every: ['1h', '2h'] } },
    ])
    expect((await client.post('schedules/a/rollback', { revision })).body.outcome).toBe('updated')
    expect((await client.get('schedules/a')).body.given.every).toBe('1h')
    expect((await client.post('schedules/a/rollback', { revision: 99 })).status).toBe(422)
    expect((await client.post('schedules/a/rollback')).status).toBe(400)
    expect((await client.post('schedules/a/revert')).status).toBe(409)
  })
})
