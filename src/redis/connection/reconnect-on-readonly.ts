/** The first pause between two new connections for this reason, ms, and the longest. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 8_000
/** After so long without such an answer the pauses begin anew, ms. */
const FORGET_MS = 30_000

/**
 * Gives a rule for `reconnectOnError` of ioredis: a server that answers `READONLY` was a primary when the connection was
 * made and is a replica now. Behind a name that follows the primary a new connection finds the new one; where it does
 * not, the same answer comes again, and new connections are made less and less often.
 */
export function createDemotionRule(monotonic: () => number): (error: Error) => boolean {
  let pauseMs = FIRST_PAUSE_MS
  let lastAt = Number.NEGATIVE_INFINITY
  return ({ message }) => {
    // Redis 6 wraps what a script met: `ERR Error running script …: -READONLY You can't write …`.
    if (!/READONLY You can't write/.test(message)) return false
    const now = monotonic()
    if (now - lastAt < pauseMs) return false
    pauseMs = now - lastAt > FORGET_MS ? FIRST_PAUSE_MS : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    lastAt = now
    return true
  }
}
