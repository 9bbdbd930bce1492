import { setTimeout as delay } from 'node:timers/promises'

/** How long a test waits for what must happen, ms: a machine that stalls for ten seconds does not end it. */
export const WAIT_MS = 30_000

/** Options of {@link waitFor}. */
export interface WaitForOptions {
  /** How long the condition may take; default {@link WAIT_MS}. */
  timeoutMs?: number
  /** What is waited for, in words: the failure says it. */
  what: string
  /** Time between two looks; default 10. */
  intervalMs?: number
}

/**
 * Looks again and again until `look` gives something true, and gives that back. Only for conditions that nothing
 * announces, such as the content of Redis; where there is an event, wait for the event. What `look` throws counts as
 * "not yet", and is told when the time is over.
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
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}; at the last look ${seen}`, {
        cause: last,
      })
    }
    await delay(intervalMs)
  }
}
