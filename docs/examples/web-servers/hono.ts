import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { Everybeat } from 'everybeat'

const beat = new Everybeat({ prefix: process.env.PREFIX })
const count = beat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
await count.schedule('count', { every: '1s' })
await beat.start()

const app = new Hono()
app.get('/healthz', (context) => {
  const health = beat.health()
  return context.json(health, health.ok ? 200 : 503)
})
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, (info) =>
  console.log('listening', info),
)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    server.close()
    void beat.stop()
  })
