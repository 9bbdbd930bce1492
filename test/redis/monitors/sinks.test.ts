import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import {
  betterStack,
  cronitor,
  healthchecks,
  sentryCrons,
  webhook,
  type MonitorEvent,
  type MonitorSink,
} from '../../../src/monitors/index.js'
import { startService } from '../../support/service-stand-in.js'

const SECRET = `whsec_${Buffer.from('a secret of twenty-six byte').toString('base64')}`
const EVENT: MonitorEvent = {
  kind: 'start',
  schedule: 'nightly',
  runId: 'nightly@1795766400000',
  scheduledAt: 1_795_766_400_000,
  definition: { cron: '0 3 * * *', tz: 'Europe/Berlin', misfireGrace: '5m', timeout: 90_000 },
}
const FAILURE = { kind: 'failure', reason: 'error', error: { name: 'Error', message: 'no paper' } } as const
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function send(sink: MonitorSink, ...changes: Partial<MonitorEvent>[]): Promise<void> {
  for (const change of changes) await sink.send({ ...EVENT, ...change }, AbortSignal.timeout(10_000))
}

describe('healthchecks', () => {
  it('healthchecks pings start, success, failure and exit status of the check, paired by rid', async () => {
    const { url, received } = await startService((response) => void response.end('OK'))
    const sink = healthchecks({ pingKey: 'key', baseUrl: url })
    await send(sink, {}, { kind: 'success' }, FAILURE, { ...FAILURE, exitStatus: 3 }, { kind: 'recovered' })
    await send(sink, { kind: 'late' }, { kind: 'missed', reason: 'misfire', count: 2 }, { kind: 'paused' })
    const endings = ['/start', '', '/fail', '/3', '/log', '/fail', '/fail']
    expect(received.map(({ path }) => path)).toEqual(endings.map((ending) => `/key/nightly${ending}`))
    expect(new Set(received.map(({ query }) => query['rid'])).size).toBe(1)
    expect(received[0]).toMatchObject({ method: 'POST', query: { rid: expect.stringMatching(UUID), create: '1' } })
    expect(received[2]?.body).toBe('failure (error): Error: no paper')
  })

  it('healthchecks accepts the URL of one check', async () => {
    const { url, received } = await startService((response) => void response.end('OK'))
    await send(healthchecks({ url: `${url}/d1a2` }), {}, { schedule: 'Ü b', kind: 'success' })
    expect(received.map(({ path, query }) => [path, query['create']])).toEqual([
      ['/d1a2/start', undefined],
      ['/d1a2', undefined],
    ])
  })

  it('a check that does not exist is an error, although the service answers 200', async () => {
    const { url } = await startService((response) => void response.end('OK (not found)'))
    const sent = send(healthchecks({ url: `${url}/secret-uuid` }), {})
    await expect(sent).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: true })
    await expect(sent).rejects.not.toThrow(/secret-uuid/)
  })
})

it('cronitor gets run, complete and fail with the series, the environment and the duration', async () => {
  const { url, received } = await startService((response) => void response.end('OK'))
  const sink = cronitor({ apiKey: 'key', env: 'staging', baseUrl: url })
  await send(sink, { schedule: 'Bericht: Süd' }, { kind: 'success', durationMs: 1_500 }, FAILURE, { kind: 'late' })
  expect(received.map(({ query }) => query['state'])).toEqual(['run', 'complete', 'fail'])
  expect(received[0]?.path).toMatch(/^\/p\/key\/bericht-s-d-[0-9a-f]{8}$/)
  expect(received[1]).toMatchObject({
    path: '/p/key/nightly',
    query: { series: EVENT.runId, env: 'staging', metric: 'duration:1.5' },
  })
  expect(received[2]?.query['message']).toBe('failure (error): Error: no paper')
})

describe('sentryCrons', () => {
  it('sentryCrons sends check-ins that create the monitor with its schedule, margin, longest run and zone', async () => {
    const { url, received } = await startService((response) => void response.writeHead(202).end())
    const sink = sentryCrons({ dsn: `${url.replace('//', '//public@')}/42`, environment: 'staging' })
    await send(sink, {}, { kind: 'success', durationMs: 250 }, { kind: 'paused' })
    const [first, second] = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
    expect(received.map(({ path }) => path)).toEqual(Array(2).fill('/api/42/cron/nightly/public/'))
    expect(first).toMatchObject({
      status: 'in_progress',
      environment: 'staging',
      monitor_config: {
        schedule: { type: 'crontab', value: '0 3 * * *' },
        checkin_margin: 5,
        max_runtime: 2,
        timezone: 'Europe/Berlin',
      },
    })
    expect(second).toMatchObject({ status: 'ok', duration: 0.25, check_in_id: first?.['check_in_id'] })
  })

  it.each([
    [{ every: '90m' }, { type: 'interval', value: 90, unit: 'minute' }],
    [{ every: 86_400_000 }, { type: 'interval', value: 1, unit: 'day' }],
    [{ cron: '0 0 8 * * MON-WED' }, undefined],
    [{ cron: '0 8 * * MON-WED' }, { type: 'crontab', value: '0 8 * * MON-WED' }],
    [{ cron: 'H 8 * * *' }, undefined],
  ])('the definition %j becomes the schedule %j of Sentry', async (definition, schedule) => {
    const { url, received } = await startService((response) => void response.writeHead(202).end())
    await send(sentryCrons({ dsn: 'https://public@o1.invalid/42', baseUrl: url }), { definition })
    expect(JSON.parse(received[0]?.body ?? '')?.monitor_config?.schedule).toEqual(schedule)
  })

  it('a schedule that runs each second is reported once a minute, and its failures are always reported', async () => {
    const { url, received } = await startService((response) => void response.writeHead(202).end())
    const sink = sentryCrons({ dsn: 'https://public@o1.invalid/42', baseUrl: url })
    for (const second of [0, 1, 2, 60]) {
      const run = { runId: `nightly@${second}`, scheduledAt: EVENT.scheduledAt + second * 1_000 }
      await send(sink, run, second === 2 ? { ...run, ...FAILURE } : { ...run, kind: 'success' })
    }
    expect(received.map(({ body }) => (JSON.parse(body) as { status: string }).status)).toEqual([
      'in_progress',
      'ok',
      'error',
      'in_progress',
      'ok',
    ])
  })
})

it('betterStack calls the heartbeat after success, and its failure after a failure', async () => {
  const { url, received } = await startService((response) => void response.end())
  const sink = betterStack({ token: 'token', baseUrl: url })
  await send(sink, {}, { kind: 'success' }, FAILURE, { ...FAILURE, exitStatus: 2 }, { kind: 'recovered' })
  expect(received.map(({ path }) => path)).toEqual(['/token', '/token/fail', '/token/2'])
})

it('webhook sends every event, signed as Standard Webhooks specifies', async () => {
  const { url, received } = await startService((response) => void response.end())
  await send(webhook({ url, secret: SECRET, headers: { 'x-team': 'blue' } }), FAILURE)
  const [{ headers, body } = { headers: {}, body: '' }] = received
  const message = new Webhook(SECRET).verify(body, headers as Record<string, string>)
  expect(message).toMatchObject({ type: 'everybeat.failure', data: { schedule: 'nightly', reason: 'error' } })
  expect(headers).toMatchObject({ 'x-team': 'blue', 'webhook-id': encodeURIComponent(`${EVENT.runId}:failure`) })
})

it.each([
  ['healthchecks without a key', () => healthchecks({}), 'healthchecks'],
  ['healthchecks with a key and a URL', () => healthchecks({ pingKey: 'a', url: 'http://b' }), 'healthchecks'],
  ['cronitor without a key', () => cronitor({ apiKey: '' }), 'apiKey'],
  ['sentryCrons with a DSN without a key', () => sentryCrons({ dsn: 'https://o1.invalid/42' }), 'dsn'],
  ['betterStack with a token of two lines', () => betterStack({ token: 'a\nb' }), 'token'],
  ['webhook with another scheme', () => webhook({ url: 'ftp://a' }), 'url'],
])('the sink %s is refused', (_, make, word) => {
  expect(make).toThrow(new RegExp(`^${word}: `))
})
