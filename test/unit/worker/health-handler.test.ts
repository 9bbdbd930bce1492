import { expect, it, onTestFinished } from 'vitest'
import { createHealthHandler, Everybeat } from '../../../src/index.js'

it('the health handler is live always, and ready from the start of the worker to its stop', async () => {
  const beat = new Everybeat({ redis: 'memory:', logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  const handle = createHealthHandler(beat)
  const statuses = () => ['livez', 'readyz'].map((path) => handle(new Request(`http://localhost/base/${path}`)).status)
  expect(statuses()).toEqual([200, 503])
  await beat.start()
  expect(statuses()).toEqual([200, 200])
  const ready = handle(new Request('http://localhost/readyz?verbose'))
  expect(await ready.json()).toEqual(expect.objectContaining({ ok: true, state: 'running' }))
  await beat.stop({ timeoutMs: 0 })
  expect(statuses()).toEqual([200, 503])
})

it('the health handler knows two paths and two methods', async () => {
  const handle = createHealthHandler(new Everybeat({ redis: 'memory:', logger: false }))
  expect(handle(new Request('http://localhost/other')).status).toBe(404)
  const posted = handle(new Request('http://localhost/livez', { method: 'POST' }))
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const head = handle(new Request('http://localhost/readyz', { method: 'HEAD' }))
  expect([head.status, await head.text()]).toEqual([503, ''])
})
