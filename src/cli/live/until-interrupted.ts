import { setTimeout as sleep } from 'node:timers/promises'
import { onStopSignal } from '../stop-signals.js'

/**
 * Repeats a step until it answers `done` or a signal asks the process to end. A signal ends the wait between two steps
 * at once; a step in progress ends first.
 */
export async function untilInterrupted(everyMs: number, step: () => Promise<'again' | 'done'>): Promise<void> {
  const interruption = new AbortController()
  const off = onStopSignal(() => interruption.abort())
  try {
    while (!interruption.signal.aborted && (await step()) === 'again') {
      await sleep(everyMs, undefined, { signal: interruption.signal }).catch(() => undefined)
    }
  } finally {
    off()
  }
}
