// Decides when a run starts; a service in Python does the work.
import { Everybeat } from 'everybeat'
import { webhook } from 'everybeat/webhook'

const beat = new Everybeat({ prefix: process.env.PREFIX })
beat.task('report', webhook(process.env.RECEIVER ?? 'http://127.0.0.1:8080/', { secret: process.env.WEBHOOK_SECRET }))
await beat.schedules.put('report', { every: '1s', payload: { to: 'ops' }, retries: 3, onCrash: 'rerun' })
await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void beat.stop())
console.log('up')
