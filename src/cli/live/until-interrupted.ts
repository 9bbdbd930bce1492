import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats a step until it answers `done` or SIGINT, SIGTERM or SIGBREAK arrives. A signal ends the wait at once; the step
 * that is running ends first.
 */
export async function untilInterrupted(everyMs: number, step: () => Promise<'again' | 'done'>): Promise<void> {
  const interruption = new AbortController()
  const onSignal = (): void => interruption.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGBREAK'] as const
  for (const signal of signals) process.on(signal, onSignal)
  try {
    while (!interruption.signal.aborted && (await step()) === 'again') {
      await sleep(everyMs, undefined, { signal: interruption.signal }).catch(() => undefined)
    }
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
