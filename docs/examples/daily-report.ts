// The shortest useful worker: it reports every weekday at nine in Shanghai, once for the whole fleet.
import { Everybeat } from 'everybeat'

const beat = new Everybeat({ redis: 'redis://127.0.0.1:6379', prefix: 'shop' })
const report = beat.task<{ to: string }>('send-report', async (run) => {
  console.log(`report of ${run.scheduledAt.toISOString()} to ${run.payload.to}`)
})
await report.schedule('daily-report', { cron: '0 9 * * 1-5', tz: 'Asia/Shanghai', payload: { to: 'ops' } })
await beat.start()
