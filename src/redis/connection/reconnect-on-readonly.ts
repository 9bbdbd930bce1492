/** The first and the longest pause between two reconnects because of `READONLY`, ms. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 8_000
/** Time without such an answer after which the first pause applies again, ms. */
const FORGET_MS = 30_000

/**
 * Creates the rule for `reconnectOnError` of ioredis. A server that answers `READONLY` was the primary when the
 * connection was made and is a replica now. If the host name follows the primary, a new connection finds the new one;
 * otherwise the same answer repeats, and the pauses between reconnects grow.
 */
export function createDemotionRule(monotonic: () => number): (error: Error) => boolean {
  let pauseMs = FIRST_PAUSE_MS
  let lastAt = Number.NEGATIVE_INFINITY
  return ({ message }) => {
    // Redis 6 wraps the error of a script: `ERR Error running script …: -READONLY You can't write …`.
    if (!/READONLY You can't write/.test(message)) return false
    const now = monotonic()
    if (now - lastAt < pauseMs) return false
    pauseMs = now - lastAt > FORGET_MS ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    lastAt = now
    return true
  }
}
