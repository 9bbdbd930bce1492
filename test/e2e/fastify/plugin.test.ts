import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import everybeat, { everybeat as named } from '../../../src/fastify/index.js'
import { Everybeat } from '../../../src/index.js'
import { WRITE_HEADERS } from '../../support/dashboard.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const connection = (prefix = uniquePrefix('fastify')) => ({ redis: redis.url, prefix, logger: false as const })

function createServer(options = {}): FastifyInstance {
  const server = Fastify(options)
  onTestFinished(() => server.close())
  return server
}

describe('everybeat/fastify', () => {
  it('everybeat/fastify starts with the server, and serves routes and other plugins under their own names', async () => {
    const server = createServer()
    await server.register(everybeat, connection())
    server.everybeat.task('greet', (run) => `hello ${(run.payload as { name: string }).name}`)
    // The prefix of the keys is none of the routes.
    await server.register(async (child) => {
      child.get('/next', async () => await child.everybeat.schedules.next('greet', 1))
    })
    expect(server.everybeat.health().state).toBe('idle')
    await server.ready()
    await server.everybeat.schedules.put('greet', { every: '100ms', limit: 1, payload: { name: 'world' } })
    const response = await server.inject('/next')
    expect(response.json()).toEqual([expect.objectContaining({ at: expect.any(String) })])
    const entry = await waitFor(async () => (await server.everybeat.schedules.history('greet'))[0], { what: 'the run' })
    expect(entry.result).toBe('hello world')
  })

  it('everybeat/fastify claims nothing more when the server closes, and lets runs end before close() resolves', async () => {
    const server = createServer()
    await server.register(everybeat, connection())
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const ends: string[] = []
    server.everybeat.task('work', async () => {
      ends.push('started')
      await released
      ends.push('ended')
    })
    await server.ready()
    await server.everybeat.schedules.put('work', { every: '100ms' })
    await waitFor(() => ends.length > 0, { what: 'the run' })
    const closed = server.close().then(() => ends.push('closed'))
    await waitFor(() => server.everybeat.health().state === 'stopped', { what: 'the stop' })
    release()
    await closed
    expect(ends).toEqual(['started', 'ended', 'closed'])
  })

  it('everybeat/fastify closes plugins that were registered before it after its runs have ended', async () => {
    const server = createServer()
    const ends: string[] = []
    server.addHook('onClose', async () => void ends.push('database closed'))
    await server.register(everybeat, connection())
    let isRunning = false
    server.everybeat.task('work', async () => {
      isRunning = true
      await waitFor(() => server.everybeat.health().state === 'stopped', { what: 'the stop' })
      ends.push('run ended')
    })
    await server.ready()
    await server.everybeat.schedules.put('work', { at: new Date() })
    await waitFor(() => isRunning, { what: 'the run' })
    await server.close()
    expect(ends).toEqual(['run ended', 'database closed'])
  })

  it('everybeat/fastify accepts an instance of the caller, and starts and stops it', async () => {
    const beat = new Everybeat(connection())
    const server = createServer()
    await server.register(named, { beat })
    await server.ready()
    expect(server.everybeat).toBe(beat)
    expect(beat.health().state).toBe('running')
    await server.close()
    expect(beat.health().state).toBe('stopped')
  })

  it('everybeat/fastify does not let the server become ready without Redis', async () => {
    const server = createServer()
    await server.register(everybeat, { ...connection(), redis: 'redis://127.0.0.1:1', connectTimeoutMs: 200 })
    await expect(server.ready()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
  })

  it("everybeat/fastify writes to the server's log when no other logger is given", async () => {
    const lines: string[] = []
    const server = createServer({ logger: { stream: { write: (line: string) => lines.push(line) } } })
    await server.register(everybeat, { redis: redis.url, prefix: uniquePrefix('fastify') })
    server.everybeat.task('fails', () => {
      throw new Error('no paper')
    })
    await server.ready()
    await server.everybeat.schedules.put('fails', { at: new Date() })
    await waitFor(() => lines.some((line) => line.includes('no paper')), { what: 'the line' })
    expect(JSON.parse(lines.find((line) => line.includes('no paper')) ?? '')).toMatchObject({ level: 50 })
  })

  it('everybeat/fastify serves the dashboard of its fleet below the prefix, behind the hooks of the server', async () => {
    const server = createServer()
    server.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization !== 'Basic b3Bz') return reply.code(401).send()
      return undefined
    })
    await server.register(everybeat, { ...connection(), dashboard: { prefix: '/admin/beat' } })
    server.post('/own', (request) => request.body)
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { ...init.headers, authorization: 'Basic b3Bz' } })
    expect((await fetch(`${url}/admin/beat/api/overview`)).status).toBe(401)
    expect(await (await ask('/admin/beat')).text()).toContain('<html')
    const put = { method: 'PUT', headers: WRITE_HEADERS, body: '{"every":"1h"}' }
    expect((await ask('/admin/beat/api/schedules/report', put)).status).toBe(201)
    expect(await server.everybeat.schedules.get('report')).toMatchObject({ every: '1h' })
    // The parsers of the server stay: the dashboard reads bodies in a scope of its own.
    const own = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
    expect(await (await ask('/own', own)).json()).toEqual({ a: 1 })
  })

  it('everybeat/fastify ends the streams of its dashboard when the server closes', async () => {
    // A connection that stays open behind the stream would keep the server from closing for ever.
    const server = createServer({ keepAliveTimeout: 0 })
    const dashboard = { prefix: '/beat/', token: 'a token of thirty-two characters or more', readOnly: true }
    await server.register(everybeat, { ...connection(), dashboard })
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    expect((await fetch(`${url}/beat/api/overview`)).status).toBe(401)
    const headers = { authorization: `Bearer ${dashboard.token}` }
    const stream = await fetch(`${url}/beat/api/events`, { headers })
    expect(stream.status).toBe(200)
    await server.close()
    expect(await stream.text()).toContain('id:')
  })

  it.each([
    [{ dashboard: true }, 'dashboard'],
    [{ dashboard: {} }, 'dashboard.prefix'],
    [{ dashboard: { prefix: 'admin' } }, 'dashboard.prefix'],
    [{ dashboard: { prefix: '/admin', tokn: 'x' } }, 'tokn'],
    [{ stopTimeoutMs: -1 }, 'stopTimeoutMs'],
    [{ beat: {}, prefix: 'both' }, 'prefix'],
    [{ prefixx: 'shop' }, 'prefixx'],
  ])('everybeat/fastify refuses the options %j', async (options, field) => {
    const server = createServer()
    await expect(async () => await server.register(everybeat, options as never)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_OPTIONS',
      field,
    })
  })
})
