// A report by e-mail every weekday at nine, once for the whole fleet, and never twice.
import { createTransport } from 'nodemailer'
import { Everybeat } from 'everybeat'

const mailer = createTransport(process.env.SMTP_URL ?? 'smtp://127.0.0.1:1025')
const beat = new Everybeat({ prefix: process.env.PREFIX })

const report = beat.task<{ to: string }>('send-report', { timeout: '1m', retries: 3 }, async (run) => {
  const day = run.scheduledAt.toISOString().slice(0, 10)
  const sent = await mailer.sendMail({
    from: 'reports@example.org',
    to: run.payload.to,
    subject: `Report of ${day}`,
    text: run.missed > 0 ? `This makes up for ${run.missed} more that were missed.` : 'All is well.',
    // The id is the same over all attempts: a mail server or reader recognizes a repeated mail.
    messageId: `<${encodeURIComponent(run.id)}@example.org>`,
  })
  return { messageId: sent.messageId }
})
await report.schedule('daily-report', {
  cron: '0 9 * * 1-5',
  tz: 'Europe/Berlin',
  payload: { to: 'ops@example.org' },
  // A mail that may have gone out is not sent again: at most once.
  onCrash: 'skip',
})
await beat.start()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void beat.stop().then(() => mailer.close()))
console.log('up')
