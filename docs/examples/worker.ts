// The same in TypeScript, with payloads that have a type: everybeat worker docs/examples/worker.ts
import type { Everybeat } from 'everybeat'

interface Report {
  to: string
  pages: number
}

export default async function setUp(beat: Everybeat): Promise<void> {
  const report = beat.task<Report>('send-report', { timeout: '1m', retries: 2 }, async (run) => {
    for (let page = 1; page <= run.payload.pages; page += 1) {
      // The signal aborts at a timeout, a cancellation and a shutdown.
      run.signal.throwIfAborted()
      console.log(`page ${page} to ${run.payload.to}`)
    }
  })
  await report.schedule('daily-report', {
    cron: '0 9 * * 1-5',
    tz: 'Asia/Shanghai',
    payload: { to: 'ops', pages: 3 },
    onCrash: 'rerun',
  })
}
