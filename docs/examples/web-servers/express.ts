import express from 'express'
import { Everybeat } from 'everybeat'

const beat = new Everybeat({ prefix: process.env.PREFIX })
const count = beat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
await count.schedule('count', { every: '1s' })
await beat.start()

const app = express()
app.get('/healthz', (_request, response) => {
  const health = beat.health()
  response.status(health.ok ? 200 : 503).json(health)
})
const server = app.listen(Number(process.env.PORT ?? 3000), () => console.log('listening', server.address()))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    server.close()
    void beat.stop()
  })
