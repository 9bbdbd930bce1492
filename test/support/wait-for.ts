import { setTimeout as delay } from 'node:timers/promises'

/** How long a test waits for what must happen, ms: a machine that stalls for ten seconds does not end it. */
export const WAIT_MS = 30_000

/** Options of {@link waitFor}. */
export interface WaitForOptions {
  /** How long the condition may take; default {@link WAIT_MS}. */
  timeoutMs?: number
  /** The awaited event, in words: the error names it. */
  what: string
  /** Time between two looks; default 10. */
  intervalMs?: number
}

/**
 * Calls `look` again and again until it gives a true value, and returns that value. Only for conditions without an event,
 * such as the content of Redis; where an event exists, wait for the event. An error of `look` counts as "not yet", and is
 * part of the error after the timeout.
 */
export async function waitFor<T>(
  look: () => T | Promise<T>,
  { timeoutMs = WAIT_MS, what, intervalMs = 10 }: WaitForOptions,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const startedAt = performance.now()
  let last: unknown
  for (;;) {
    try {
      last = await look()
      if (last) return last as Exclude<T, false | 0 | '' | null | undefined>
    } catch (error) {
      last = error
    }
    if (performance.now() - startedAt > timeoutMs) {
      const seen = last instanceof Error ? `it threw: ${last.message}` : `it gave ${JSON.stringify(last)}`
      throw new Error(`Waited ${timeoutMs} ms without success for ${what}; at the last look ${seen}`, {
        cause: last,
      })
    }
    await delay(intervalMs)
  }
}
