import type { Timer, TimeSource } from '../../time-source.js'
import type { RedisClock } from '../store.js'

/** Below this a timer would ring too late, ms: the rest is waited for turn by turn of the event loop. */
const TURN_MS = 1.2
/** So long a turn sleeps at most, ms: whatever else this process has to do waits no longer than that. */
const NAP_MS = 0.25
/** A nap takes up to so much longer than it was meant to, ms. */
const NAP_OVERRUN_MS = 0.15
/** Turns keep the process busy: no more than this share of the time goes to them, beyond a reserve of so many ms. */
const TURNING_SHARE = 0.05
const RESERVE_MS = 5

/**
 * Sleeps for a part of the time that is left. A process that only turned would keep its core from those that it waits
 * with: the Redis beside it, and the other workers that are to start at the same instant.
 */
function nap(time: TimeSource, leftMs: number): void {
  const napMs = Math.min(NAP_MS, leftMs - NAP_OVERRUN_MS)
  if (napMs > 0) time.block(napMs)
}

/** Calls back at instants of Redis's clock. */
export interface Alarm {
  /**
   * Resolves when Redis's clock shows the instant; null when it does already. A claim may be sent a moment early, so that
   * neither timer nor network makes a run late; this is what keeps it from starting early. All that wait share one timer.
   *
   * @param mostMs how much is left at most, as Redis said: a clock that is wrong, or not precise, holds up nothing longer
   */
  at(instantMs: number, mostMs: number): Promise<void> | null
}

/** Creates an alarm by a clock. Late by a turn of the event loop, or by 1 ms where it rings all the time; never early. */
export function createAlarm(clock: RedisClock, time: TimeSource): Alarm {
  const waiting = new Map<number, { promise: Promise<void>; resolve: () => void; latestAt: number }>()
  let timer: Timer | null = null
  let setFor = Number.POSITIVE_INFINITY
  let isTurning = false
  let reserveMs = RESERVE_MS
  let countedAt = time.monotonic()

  // As far as the clock may be off it counts as slow: a moment late is right, a moment early is not.
  const left = (instantMs: number, latestAt: number) =>
    Math.min(clock.until(instantMs) + clock.errorMs, latestAt - time.monotonic())

  /** Takes in how the time went since the last call: a worker that starts something all the time has to sleep instead. */
  function count(): void {
    const now = time.monotonic()
    const passed = now - countedAt
    countedAt = now
    const gained = passed * (isTurning ? TURNING_SHARE - 1 : TURNING_SHARE)
    // A process that stood still, or a host that slept, has not turned all that time.
    reserveMs = Math.max(-RESERVE_MS, Math.min(RESERVE_MS, reserveMs + gained))
  }

  function set(instantMs: number, leftMs: number): void {
    count()
    setFor = instantMs
    isTurning = leftMs <= TURN_MS && reserveMs > 0
    if (isTurning) time.setImmediate(() => turn(leftMs))
    else timer = time.setTimeout(ring, Math.max(1, Math.floor(leftMs - TURN_MS / 2)))
  }

  function turn(leftMs: number): void {
    nap(time, leftMs)
    ring()
  }

  function ring(): void {
    timer = null
    let next = Number.POSITIVE_INFINITY
    let nextLeftMs = Number.POSITIVE_INFINITY
    for (const [instantMs, { resolve, latestAt }] of waiting) {
      const leftMs = left(instantMs, latestAt)
      if (!(leftMs > 0)) {
        waiting.delete(instantMs)
        resolve()
      } else if (leftMs < nextLeftMs) {
        next = instantMs
        nextLeftMs = leftMs
      }
    }
    if (waiting.size > 0) return set(next, nextLeftMs)
    count()
    isTurning = false
    setFor = next
  }

  return {
    at(instantMs, mostMs) {
      const latestAt = time.monotonic() + mostMs
      const leftMs = left(instantMs, latestAt)
      if (!(leftMs > 0)) return null
      let entry = waiting.get(instantMs)
      if (!entry) {
        let resolve = () => {}
        const promise = new Promise<void>((done) => (resolve = done))
        entry = { promise, resolve, latestAt }
        waiting.set(instantMs, entry)
        if (instantMs < setFor && !isTurning) {
          if (timer) time.clearTimeout(timer)
          set(instantMs, leftMs)
        }
      }
      return entry.promise
    },
  }
}
