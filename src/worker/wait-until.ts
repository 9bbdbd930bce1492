import type { RedisClock } from './port.js'

/** Below this a timer would ring too late, ms: the rest is waited for turn by turn of the event loop. */
const TURN_MS = 1.2

/**
 * Resolves when Redis's clock shows the instant, at once when it does already. A claim may be sent a moment early, so
 * that neither timer nor network makes a run late; this is what keeps it from starting early.
 */
export async function waitUntil(clock: RedisClock, instantMs: number): Promise<void> {
  for (;;) {
    // As far as the clock may be off it counts as slow: a moment late is right, a moment early is not.
    const left = clock.until(instantMs) + clock.errorMs
    if (!(left > 0)) return
    await new Promise<void>((resolve) => {
      if (left > TURN_MS) setTimeout(resolve, Math.floor(left - TURN_MS / 2))
      else setImmediate(resolve)
    })
  }
}
