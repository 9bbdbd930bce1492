// Everybeat inside a process of your own, without its command line: node docs/examples/plain-node.mjs
import { Everybeat } from 'everybeat'

const beat = new Everybeat({ prefix: process.env.PREFIX })
const tick = beat.task('tick', (run) => console.log(`tick of ${run.scheduledAt.toISOString()}`))
await tick.schedule('tick', { every: '1s' })
await beat.start()

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void beat.stop({ timeoutMs: 10_000 }))
