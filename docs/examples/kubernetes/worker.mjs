// A worker for a cluster: probes on a port of their own, and a drain that ends before the grace of the pod.
import { createServer } from 'node:http'
import { Everybeat } from 'everybeat'

const beat = new Everybeat({ prefix: process.env.PREFIX })
const count = beat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
await count.schedule('count', { every: '1s' })

// Live: the event loop answers. Ready: this worker claims, and Redis has answered lately.
const probes = createServer((request, response) => {
  const health = beat.health()
  const isFine = request.url === '/livez' || (request.url === '/readyz' && health.ok)
  response.writeHead(isFine ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(health))
})
probes.listen(Number(process.env.PROBE_PORT ?? 8081), () => console.log('probes', probes.address()))

await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    // Shorter than terminationGracePeriodSeconds of the pod: runs that are still running then are aborted and recorded.
    void beat.stop({ timeoutMs: Number(process.env.STOP_TIMEOUT_MS ?? 45_000) }).then(() => probes.close())
  })
