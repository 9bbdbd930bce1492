// A worker for a container: one port for its metrics and probes, and a drain that ends before the grace of the container.
import { createServer } from 'node:http'
import { createHealthHandler, Everybeat } from 'everybeat'
import { collectMetrics } from 'everybeat/prometheus'

const beat = new Everybeat({ prefix: process.env.PREFIX })
const count = beat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
await count.schedule('count', { every: '1s' })

const { registry } = collectMetrics(beat)
const probe = createHealthHandler(beat)
const server = createServer(async (request, response) => {
  if (request.url === '/metrics') {
    return response.setHeader('content-type', registry.contentType).end(await registry.metrics())
  }
  const answer = probe(new Request(`http://localhost${request.url}`, { method: request.method }))
  return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
})
server.listen(Number(process.env.METRICS_PORT ?? 9464), () => console.log('metrics', server.address()))

await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    void beat.stop({ timeoutMs: Number(process.env.STOP_TIMEOUT_MS ?? 25_000) }).then(() => {
      server.close()
      server.closeAllConnections()
    })
  })
