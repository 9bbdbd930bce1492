import { once } from 'node:events'
import { Queue } from 'bullmq'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { ensureTool } from '../../support/tools.js'
import { waitFor } from '../../support/wait-for.js'
import { startExample } from './example-process.js'

const redis = useRedis()

function environment(label: string) {
  const prefix = uniquePrefix(label)
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  onTestFinished(() => beat.stop())
  return { beat, prefix, env: { REDIS_URL: redis.url, PREFIX: prefix } }
}

describe('docs/examples', () => {
  it('plain-fleet continues when one of its three processes is killed', async () => {
    const { beat, env } = environment('plain-fleet')
    const fleet = startExample('plain-fleet/fleet.ts', env)
    await waitFor(async () => (await beat.fleet()).length === 3, { what: 'three workers', timeoutMs: 30_000 })
    const [, victim] = await fleet.line(/Z in process (\d+)$/)
    process.kill(Number(victim), 'SIGKILL')
    const others = () => fleet.lines.filter((line) => /in process/.test(line) && !line.endsWith(` ${victim}`))
    const before = others().length
    await waitFor(() => others().length > before + 1, { what: 'runs of the others', timeoutMs: 30_000 })
    expect(await fleet.stop()).toBe(0)
    const instants = fleet.lines.map((line) => /^(\S+Z) in process/.exec(line)?.[1]).filter(Boolean)
    expect(new Set(instants).size).toBe(instants.length)
    await waitFor(async () => (await beat.fleet()).length <= 1, { what: 'the others to leave' })
  })

  it('the example bullmq adds one job for each occurrence, whichever worker adds it', async () => {
    const { beat, prefix, env } = environment('bullmq')
    const workers = [startExample('bullmq/worker.ts', env), startExample('bullmq/worker.ts', env)]
    const jobs = () => workers.flatMap(({ lines }) => lines.filter((line) => line.endsWith('report to ops')))
    await waitFor(() => jobs().length >= 3, { what: 'three jobs', timeoutMs: 30_000 })
    for (const worker of workers) expect(await worker.stop()).toBe(0)
    const queue = new Queue(`${prefix}-reports`, { connection: { host: '127.0.0.1', port: redis.port } })
    onTestFinished(() => queue.close())
    expect(await queue.getJobCounts('failed')).toEqual({ failed: 0 })
    const ids = jobs().map((line) => line.split(': ')[0])
    const ran = (await beat.schedules.history('report')).map(({ runId }) => runId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !ran.includes(id ?? ''))).toEqual([])
  })

  it.each([
    ['fastify/server.ts', /listening at http:\/\/[^:]+:(\d+)/],
    ['web-servers/express.ts', /listening .*port: (\d+)/],
    ['web-servers/hono.ts', /listening .*port: (\d+)/],
  ])('the example %s runs its task, answers a probe and drains', async (file, listening) => {
    const { env } = environment('server')
    const server = startExample(file, { ...env, PORT: '0' })
    const [, port] = await server.line(listening)
    await server.line(/^counted at \d{4}-/)
    const response = await fetch(`http://127.0.0.1:${port}/healthz`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ ok: true, state: 'running' })
    expect(await server.stop()).toBe(0)
  })

  it('multi-tenant gives each tenant schedules of its own, in its own zone', async () => {
    const { beat, env } = environment('tenants')
    const worker = startExample('multi-tenant/worker.ts', env)
    await worker.line(/^globex\/daily-report: next at \d{4}-/)
    expect(worker.lines).toContain('acme: 1 created, 0 updated')
    await beat.schedules.trigger('acme/daily-report')
    await worker.line(/^report of acme$/)
    expect(await beat.schedules.get('globex/daily-report')).toMatchObject({ tz: 'Asia/Tokyo', owner: 'tenant:globex' })
    // A second start applies the same again, and changes nothing.
    expect(await worker.stop()).toBe(0)
    const again = startExample('multi-tenant/worker.ts', env)
    await again.line(/^globex\/daily-report: next at/)
    expect(again.lines).toContain('acme: 0 created, 0 updated')
    expect(await again.stop()).toBe(0)
  })

  it('other-language hands each occurrence to the service in Python once, and keeps its answer', async (context) => {
    const tool = await ensureTool('python3')
    if (tool.kind === 'missing') return context.skip(tool.reason)
    const { beat, env } = environment('python')
    const secret = `whsec_${Buffer.from('thirty-two bytes of pure secrecy').toString('base64')}`
    const receiver = startExample('other-language/receiver.py', { WEBHOOK_SECRET: secret, PORT: '0' })
    const [, port] = await receiver.line(/^listening on (\d+)$/)
    const url = `http://127.0.0.1:${port}/`
    const worker = startExample('other-language/worker.ts', { ...env, WEBHOOK_SECRET: secret, RECEIVER: url })
    await receiver.line(/^report@\d+: done$/)
    const [entry] = await waitFor(
      async () => {
        const history = await beat.schedules.history('report')
        return history.length > 0 && history
      },
      { what: 'the run' },
    )
    expect(entry).toMatchObject({ outcome: 'ok', result: { status: 200, body: { sent: 'ops' } } })
    expect(await worker.stop()).toBe(0)
    const forged = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: {
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,x',
      },
    })
    expect(forged.status).toBe(401)
    receiver.kill('SIGTERM')
  })
})

describe('docs/examples/nextjs', () => {
  it('docs/examples/nextjs starts the worker once in the Node.js server, and not in the edge runtime or a build', async () => {
    const { beat, env } = environment('nextjs')
    const { register } = (await import('../../../docs/examples/nextjs/instrumentation.js')) as {
      register(): Promise<void>
    }
    const before = { ...process.env }
    onTestFinished(() => void (process.env = before))
    Object.assign(process.env, env)
    for (const runtime of ['edge', 'nodejs']) {
      process.env.NEXT_RUNTIME = runtime
      process.env.NEXT_PHASE = runtime === 'edge' ? '' : 'phase-production-build'
      await register()
    }
    expect(await beat.fleet()).toEqual([])
    process.env.NEXT_PHASE = 'phase-production-server'
    await register()
    await register()
    expect(await beat.fleet()).toHaveLength(1)
    const { startBeat } = (await import('../../../docs/examples/nextjs/beat.js')) as unknown as {
      startBeat(): Promise<Everybeat>
    }
    const started = await startBeat()
    const stopped = once(process, 'SIGTERM')
    process.emit('SIGTERM', 'SIGTERM')
    await stopped.catch(() => {})
    await started.stop()
    expect(await beat.fleet()).toEqual([])
  })
})
