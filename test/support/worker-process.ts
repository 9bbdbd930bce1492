import { onTestFinished } from 'vitest'
import { startWorkerProcess, type WorkerProcess, type WorkerProcessOptions } from './worker-child.js'

export type { JournalEntry, WorkerProcess, WorkerProcessOptions } from './worker-child.js'

/**
 * Starts a worker process and resolves when it says it is ready. It is killed after the test that started it (a suite's
 * hook kills its own), and when the test process itself dies.
 */
export async function spawnWorker(options: WorkerProcessOptions): Promise<WorkerProcess> {
  return await startWorkerProcess(options, killAfterTest)
}

function killAfterTest(worker: WorkerProcess): void {
  try {
    onTestFinished(() => worker.kill())
  } catch {
    // Started by a hook, which outlives single tests.
  }
}
