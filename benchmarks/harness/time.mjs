/** Waits and wall clocks. Every process runs on one machine, so the wall times of different processes compare. */

/** Wall time in epoch milliseconds with sub-millisecond digits, from the monotonic clock. */
export function wallTimeMs() {
  return performance.timeOrigin + performance.now()
}

/** Resolves after `durationMs` milliseconds. */
export function delay(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

/** Resolves once the wall clock has reached `instantMs`, epoch milliseconds. */
export async function waitUntil(instantMs) {
  for (;;) {
    const leftMs = instantMs - wallTimeMs()
    if (leftMs <= 0) return
    await delay(Math.max(1, leftMs))
  }
}

/** The first whole second at least `aheadMs` from now, epoch milliseconds. */
export function wholeSecondAhead(aheadMs) {
  return Math.ceil((wallTimeMs() + aheadMs) / 1000) * 1000
}

/** A six-field cron text (UTC) whose next occurrence is the whole second `instantMs`, and the one after a day later. */
export function cronAt(instantMs) {
  const date = new Date(instantMs)
  return `${date.getUTCSeconds()} ${date.getUTCMinutes()} ${date.getUTCHours()} * * *`
}
