import type { Everybeat } from '../../index.js'
import type { WorkerMessage } from './workers.js'

/** The module of the demo's workers: one task that reports its start and its end to the demo. */
export default function setUpDemoWorker(beat: Everybeat): void {
  // A demo that died cannot stop its workers, so each worker ends when its connection to the demo closes.
  process.on('disconnect', () => process.exit(1))
  beat.task('demo', async (run) => {
    const { schedule, worker, attempt } = run
    const occurrence = { schedule, worker, attempt, scheduledAt: run.scheduledAt.getTime() }
    const latenessMs = run.startedAt.getTime() - occurrence.scheduledAt
    tell({ kind: 'began', ...occurrence, latenessMs })
    await work((run.payload as { workMs: number }).workMs, run.signal)
    tell({ kind: 'ended', ...occurrence })
  })
}

function tell(message: WorkerMessage): void {
  process.send?.(message)
}

function work(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (durationMs === 0) return resolve()
    const timer = setTimeout(resolve, durationMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}
