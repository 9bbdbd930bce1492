import Fastify from 'fastify'
import everybeat from 'everybeat/fastify'

const fastify = Fastify({ logger: false })
await fastify.register(everybeat, { prefix: process.env.PREFIX ?? 'everybeat' })

const count = fastify.everybeat.task('count', (run) => console.log(`counted at ${run.scheduledAt.toISOString()}`))
await count.schedule('count', { every: '1s' })

fastify.get('/healthz', async (_request, reply) => {
  const health = fastify.everybeat.health()
  return await reply.code(health.ok ? 200 : 503).send(health)
})
fastify.get('/next', async () => await fastify.everybeat.schedules.next('count', 3))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void fastify.close())
console.log(`listening at ${await fastify.listen({ port: Number(process.env.PORT ?? 3000) })}`)
