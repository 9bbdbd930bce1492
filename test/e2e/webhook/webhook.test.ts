import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { webhook } from '../../../src/webhook/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const SECRET = `whsec_${Buffer.from('a secret of twenty-six byte').toString('base64')}`

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

async function startReceiver(answer: (response: ServerResponse, count: number) => void) {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => answer(response, received.push({ headers: request.headers, body })))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

async function runOnce(handler: ReturnType<typeof webhook>, name = 'call', more = {}) {
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('webhook'), logger: false })
  onTestFinished(() => beat.stop())
  beat.task('call', handler)
  await beat.schedules.put(name, { task: 'call', at: new Date(), payload: { to: 'ops' }, ...more })
  await beat.start()
  return await waitFor(async () => (await beat.schedules.history(name))[0], { what: 'the end of the run' })
}

describe('webhook', () => {
  it('webhook sends the run, signed, and keeps the answer as the result', async () => {
    const { url, received } = await startReceiver((response) => {
      response.setHeader('content-type', 'application/json').end('{"done":3}')
    })
    const entry = await runOnce(
      webhook(url, { secret: SECRET, timeout: '5s', headers: { 'x-team': 'blue' } }),
      'Bericht ü %',
    )
    expect(entry).toMatchObject({ outcome: 'ok', result: { status: 200, body: { done: 3 } } })
    const [{ headers, body } = { headers: {}, body: '' }] = received
    const message = new Webhook(SECRET).verify(body, headers as Record<string, string>)
    expect(message).toMatchObject({
      type: 'everybeat.run',
      data: { id: entry.runId, task: 'call', payload: { to: 'ops' }, attempt: 1, fence: entry.fence, manual: false },
    })
    expect(decodeURIComponent(String(headers['idempotency-key']))).toBe(entry.runId)
    expect(headers['webhook-id']).toBe(headers['idempotency-key'])
    expect(headers).toMatchObject({ 'everybeat-fence': String(entry.fence), 'x-team': 'blue' })
  })

  it('webhook sends the same idempotency key with every attempt', async () => {
    const { url, received } = await startReceiver((response, count) => {
      response.writeHead(count < 3 ? 503 : 204).end()
    })
    const retries = { retries: 2, backoff: { type: 'fixed', delay: '10ms' } }
    expect(await runOnce(webhook(url), 'call', retries)).toMatchObject({ outcome: 'ok', attempt: 3 })
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect(received.map(({ headers }) => headers['everybeat-attempt'])).toEqual(['1', '2', '3'])
    expect(received[0]?.headers['webhook-signature']).toBeUndefined()
  })

  it.each([
    [
      'an answer of 500',
      (response: ServerResponse) => void response.writeHead(500).end('no paper'),
      /answered 500: "no paper"/,
    ],
    [
      'a redirect',
      (response: ServerResponse) => void response.writeHead(302, { location: '/other' }).end(),
      /answered 302/,
    ],
    ['an answer that does not come', () => {}, /no answer within 200 ms/],
    [
      'an answer that does not end',
      (response: ServerResponse) => void response.writeHead(200).write('to be continued'),
      /no answer within 200 ms/,
    ],
    [
      'a connection that breaks',
      (response: ServerResponse) => void response.destroy(),
      /webhook to http:\/\/127.0.0.1:\d+: /,
    ],
  ])('webhook fails the run on %s', async (_, answer, message) => {
    const { url, received } = await startReceiver(answer)
    const entry = await runOnce(webhook(url, { timeout: 200 }))
    expect(entry).toMatchObject({ outcome: 'failed' })
    expect(entry.error).toMatch(message)
    expect(received).toHaveLength(1)
  })

  it('webhook keeps the beginning of a long answer, as much as a result may have', async () => {
    const { url } = await startReceiver((response) => void response.end('"x'.repeat(2_000_000)))
    const { result } = await runOnce(webhook(url))
    const { body } = result as { body: string }
    expect('"x'.repeat(2_000)).toContain(body)
    expect(body.length).toBeGreaterThan(2_000)
  })

  it('webhook aborts the request when the run is cancelled', async () => {
    let closed = false
    const { url, received } = await startReceiver((response) => void response.on('close', () => (closed = true)))
    const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('webhook'), logger: false })
    onTestFinished(() => beat.stop())
    beat.task('call', webhook(url))
    await beat.schedules.put('call', { at: new Date() })
    await beat.start()
    await waitFor(() => received.length > 0, { what: 'the request' })
    const [run] = await beat.schedules.runs()
    await beat.schedules.cancel(run?.runId ?? '')
    await waitFor(() => closed, { what: 'the end of the request' })
    const entry = await waitFor(async () => (await beat.schedules.history('call'))[0], { what: 'the end of the run' })
    expect(entry).toMatchObject({ outcome: 'cancelled' })
  })

  it.each([
    ['ftp://example.org', {}, 'url'],
    ['not a url', {}, 'url'],
    ['https://user:secret@example.org', {}, 'url'],
    ['https://example.org', { secret: 'not base64!' }, 'secret'],
    ['https://example.org', { secret: '' }, 'secret'],
    ['https://example.org', { timeout: 0 }, 'timeout'],
    ['https://example.org', { retries: 3 }, 'options'],
  ])('webhook refuses %s with %j', (url, options, field) => {
    expect(() => webhook(url, options as object)).toThrow(expect.objectContaining({ field }))
    expect(() => webhook(url, options as object)).not.toThrow(/secret@|not base64/)
  })
})
