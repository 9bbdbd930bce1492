import type { Backoff } from './definition.js'

/** The backoff if neither the definition nor the task sets one: exponential, 1 s to 1 min. */
export const DEFAULT_BACKOFF: Backoff = Object.freeze({ type: 'exponential', delayMs: 1000, maxMs: 60_000 })

/** Largest random extension of a fixed delay, as a share, so that runs that failed together do not retry together. */
const FIXED_SPREAD = 0.1

/** Most doublings: 1 ms doubled this often exceeds every `max`, and without a bound 0 ms would become 0 × infinity. */
const MAX_DOUBLINGS = 50

/**
 * The delay before the next attempt of a failed run, whole ms, at most `maxMs`.
 *
 * `exponential` doubles `delayMs` with every attempt up to `maxMs` and takes a random part of the upper half of that.
 * `fixed` is `delayMs` and up to a tenth more.
 *
 * @param attempt the attempt that failed, from 1
 * @param random01 a random number in [0, 1)
 */
export function retryDelay(backoff: Backoff, attempt: number, random01: number): number {
  const { type, delayMs, maxMs } = backoff
  if (type === 'fixed') return Math.min(maxMs, Math.round(delayMs * (1 + FIXED_SPREAD * random01)))
  const doublings = Math.min(Math.max(attempt - 1, 0), MAX_DOUBLINGS)
  const fullMs = Math.min(maxMs, delayMs * 2 ** doublings)
  return Math.round((fullMs / 2) * (1 + random01))
}
