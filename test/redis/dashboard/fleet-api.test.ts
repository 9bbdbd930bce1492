import { describe, expect, it } from 'vitest'
import { findAttention } from '../../../src/dashboard/attention.js'
import { Catalogue } from '../../../src/dashboard/catalogue.js'
import { FleetSource } from '../../../src/dashboard/fleet-source.js'
import { createDashboard, type DashboardOptions } from '../../../src/dashboard/index.js'
import { Traffic } from '../../../src/dashboard/traffic.js'
import { DashboardClient } from '../../support/dashboard.js'
import { nextEvent, useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const open = (options: DashboardOptions = {}) => new DashboardClient(createDashboard(fleet.create(), options))

describe('payloads', () => {
  it('payloads are shown without the values of secret names, and an edit that returns the masked payload keeps those values', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '1h', payload: { apiKey: 's3cret', to: 'ops', deep: [{ password: 'p' }] } })
    const client = open()
    const { body, headers } = await client.get('schedules/a')
    expect(JSON.stringify(body)).not.toMatch(/s3cret|"p"/)
    expect(body.payload.to).toBe('ops')
    const payload = { ...body.given.payload, to: 'dev' }
    await client.send('PATCH', 'schedules/a', { payload }, { 'if-match': headers.get('etag')! })
    expect((await beat.schedules.get('a'))?.payload).toEqual({ apiKey: 's3cret', to: 'dev', deep: [{ password: 'p' }] })
    const moved = { deep: [{}, { password: body.payload.deep[0].password }] }
    const answer = await client.send('PATCH', 'schedules/a', { payload: moved }, { 'if-match': '*' })
    expect(answer).toMatchObject({ status: 422, body: { field: 'payload' } })
  })

  it('payloads are shown as the function of the host returns them, in conflicts too, and are hidden when it throws', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '1h', payload: { name: 'Ana' } })
    const redact = (payload: unknown, schedule: string) => ({ schedule, fields: Object.keys(payload as object) })
    const shown = await open({ redact }).get('schedules/a')
    expect(shown.body.payload).toEqual({ schedule: 'a', fields: ['name'] })
    const conflict = await open({ redact }).send('PUT', 'schedules/a', { every: '2h' }, { 'if-match': '"99"' })
    expect(conflict.status).toBe(412)
    expect(JSON.stringify(conflict.body)).not.toContain('Ana')
    const hidden = open({
      redact: () => {
        throw new Error('no')
      },
    })
    expect(JSON.stringify((await hidden.get('schedules/a')).body)).not.toContain('Ana')
  })
})

describe('a run with a payload', () => {
  it('a manual run with a masked payload gets the secrets behind the mask', async () => {
    const beat = fleet.create()
    const seen = new Promise((resolve) => beat.task('t', ({ payload }) => resolve(payload)))
    await beat.schedules.put('a', { task: 't', every: '1h', payload: { apiKey: 's3cret', to: 'ops' } })
    await beat.start()
    const client = open()
    const { payload } = (await client.get('schedules/a')).body
    expect((await client.post('schedules/a/run', { payload: { ...payload, to: 'dev' } })).status).toBe(202)
    expect(await seen).toEqual({ apiKey: 's3cret', to: 'dev' })
    expect((await client.post('schedules/a/run', { payload: { elsewhere: payload.apiKey } })).status).toBe(422)
  })
})

describe('histories', () => {
  it('histories are paged, newest first, each entry once', async () => {
    const beat = fleet.create()
    beat.task('t', () => ({ token: 'abc', rows: 3 }))
    await beat.schedules.put('a', { task: 't', every: '100ms', limit: 7 })
    await beat.start()
    const client = open()
    await expect.poll(async () => (await client.get('schedules/a')).body.state).toBe('finished')
    await expect.poll(async () => (await client.get('schedules/a/history')).body.history.length).toBe(7)
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await client.get(`schedules/a/history?limit=3&cursor=${cursor}`)
      for (const entry of body.history) {
        seen.push(entry.scheduledAt)
        // On a busy machine an occurrence may be skipped because of its previous run.
        if (entry.outcome === 'ok') expect(entry.result).toEqual({ token: expect.not.stringContaining('abc'), rows: 3 })
      }
      cursor = body.cursor
    } while (cursor !== null)
    const history = await beat.schedules.history('a')
    expect(seen).toEqual(history.map(({ scheduledAt }) => scheduledAt.toISOString()))
    const { strip } = (await client.get('schedules')).body.schedules[0]
    expect(strip).toHaveLength(7)
    expect(strip[0].at).toBe(seen.at(-1))
  })
})

describe('the fleet', () => {
  it('the overview lists failing, invalid, unserved and paused schedules first', async () => {
    const beat = fleet.create()
    beat.task('bad', () => {
      throw new Error('ECONNREFUSED')
    })
    await beat.schedules.putMany([
      { name: 'failing', task: 'bad', every: '100ms', limit: 2 },
      { name: 'unserved', task: 'nobody', every: '1h' },
      { name: 'paused', task: 'bad', every: '1h', enabled: false },
    ])
    await beat.start()
    const client = open()
    await expect.poll(async () => (await client.get('overview')).body.counts).toMatchObject({ failing: 1, paused: 1 })
    const { body } = await client.get('overview')
    expect(body.total).toBe(3)
    expect(body.attention.map(({ kind }: { kind: string }) => kind)).toEqual(['failing', 'unserved', 'paused'])
    expect(body.attention[0]).toMatchObject({ name: 'failing', error: 'Error: ECONNREFUSED' })
    expect(body.fleet).toMatchObject({ workers: 1, slots: 50 })
    expect(body.timeline.coming).toHaveLength(61)
    expect((await client.get('fleet')).body.workers).toMatchObject([{ tasks: ['bad'] }])
    expect((await client.get('doctor')).body).toMatchObject({ findings: expect.arrayContaining([]) })
  })

  it('the overview calls a run stuck that lasts far longer than earlier runs, and no other run', async () => {
    const beat = fleet.create()
    let isHanging = false
    beat.task('sometimes', ({ signal }) =>
      isHanging ? new Promise((resolve) => signal.addEventListener('abort', resolve)) : undefined,
    )
    await beat.schedules.putMany([
      { name: 'hangs', task: 'sometimes', every: '1h' },
      { name: 'new', task: 'sometimes', every: '1h' },
    ])
    await beat.start()
    const ended = nextEvent(beat, 'run:succeeded')
    await beat.schedules.trigger('hangs')
    await ended
    isHanging = true
    const client = open()
    for (const name of ['hangs', 'new']) await beat.schedules.trigger(name)
    await expect.poll(async () => (await client.get('runs?state=running')).body.runs.length).toBe(2)
    const source = new FleetSource(beat)
    const catalogue = new Catalogue(source, new Traffic(), Date.now)
    await catalogue.prepare()
    const [running, workers] = await Promise.all([source.runs('running', 10), source.fleet()])
    const { counts } = catalogue.summary
    const at = (nowMs: number) => findAttention({ source, catalogue, counts, workers, running, late: [], nowMs })
    expect(await at(Date.now())).toEqual([])
    expect(await at(Date.now() + 120_000)).toMatchObject([
      { kind: 'stuck', name: 'hangs', text: expect.stringMatching(/^the run before took \d+ ms$/) },
    ])
  })

  it('the load of the fleet has the planned starts of every schedule, bucket by bucket', async () => {
    const client = open()
    await client.create('hourly', { cron: '0 * * * *' })
    await client.create('minutely', { every: '1m' })
    await client.create('paused', { cron: '0 * * * *', enabled: false })
    const from = Math.ceil(Date.now() / 86_400_000) * 86_400_000
    const { body } = await client.get(`load?from=${from}&to=${from + 86_400_000}&bucket=3600000`)
    expect(body.buckets).toHaveLength(24)
    for (const { planned } of body.buckets) expect(planned).toBe(61)
    await client.create('herd', { cron: '0 9 * * *', jitter: '10m' })
    const minutes = `load?from=${from + 9 * 3_600_000}&to=${from + 10 * 3_600_000}&bucket=60000`
    const planned = async (query: string) =>
      (await client.get(minutes + query)).body.buckets.map((bucket: { planned: number }) => bucket.planned)
    const own = await planned('')
    expect(own[0]).toBe(2)
    expect(own.reduce((sum: number, count: number) => sum + count)).toBe(62)
    for (let index = 0; index < 9; index++) await client.create(`herd-${index}`, { cron: '30 9 * * *' })
    expect((await planned(''))[30]).toBe(10)
    const spread = await planned('&jitter=10m')
    expect(Math.max(...spread)).toBeLessThanOrEqual(3)
    expect(spread.slice(30, 41).reduce((sum: number, count: number) => sum + count)).toBeGreaterThanOrEqual(19)
    expect((await client.get(`${minutes}&jitter=soon`)).status).toBe(400)
    expect((await client.get('load?from=2026-01-02&to=2026-01-01')).status).toBe(400)
    expect((await client.get('load?from=2026-01-01&to=2027-01-01&bucket=60000')).status).toBe(400)
  })

  it('the preview of the API describes a definition', async () => {
    const { body } = await open().post('preview', {
      definition: { cron: '0 9 * * 1-5', tz: 'Asia/Shanghai' },
      count: 3,
    })
    expect(body.words).toContain('09:00')
    expect(body.next).toHaveLength(3)
    expect((await open().post('preview', { every: '5m' })).body.next).toHaveLength(10)
  })
})

describe('the API', () => {
  it('the API gives each operation an id of its own', async () => {
    const { body } = await open().get('openapi.json')
    expect(body.openapi).toBe('3.1.0')
    const listed = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(listed).toContain('POST /api/schedules/{name}/skip-next')
    expect(listed).toContain('POST /api/schedules:pause')
    const ids = Object.values(body.paths).flatMap((methods) =>
      Object.values(methods as Record<string, { operationId: string }>).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('the API answers 404 for an unknown path, and 405 with the allowed methods', async () => {
    expect(await open().get('nothing')).toMatchObject({ status: 404 })
    expect(await open().send('DELETE', 'overview')).toMatchObject({ status: 405, body: { allowed: ['GET'] } })
    expect(await open().get('schedules/%E0%A4%A')).toMatchObject({ status: 404 })
  })

  it('the API answers 503 while Redis does not answer', async () => {
    const beat = fleet.create({ redis: 'redis://127.0.0.1:1', connectTimeoutMs: 300 })
    const client = new DashboardClient(createDashboard(beat))
    expect(await client.get('overview')).toMatchObject({ status: 503, body: { code: 'ERR_EVERYBEAT_CONNECTION' } })
  })
})
