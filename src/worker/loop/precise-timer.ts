import type { Timer, TimeSource } from '../../time-source.js'
import type { RedisClock } from '../store.js'

/** Longest wait that the event loop spins, ms: an ordinary timer would fire too late. */
const SPIN_MS = 1.2
/** Longest sleep of one spin, ms, and so the longest delay of other work of this process. */
const SLEEP_MS = 0.5
/** Longest overrun of a sleep, ms. */
const SLEEP_OVERRUN_MS = 0.15
/** Largest share of time for spinning, beyond a reserve of {@link RESERVE_MS}. */
const SPIN_SHARE = 0.01
/** Largest reserve of spinning time, ms. */
const RESERVE_MS = 5

interface Waiter {
  readonly promise: Promise<void>
  readonly resolve: () => void
  /** When the wait ends in any case, on the monotonic clock, ms. */
  readonly latestAt: number
}

/**
 * Waits for instants of Redis's clock. It resolves late by one spin of the event loop, or by 1 ms under a steady load
 * of instants, and never early. A claim is sent shortly before its instant, so that neither timer nor network delays
 * the run; this timer keeps the run from starting early.
 */
export class PreciseTimer {
  readonly #clock: RedisClock
  readonly #time: TimeSource
  /** The waiters by instant; all share one timer. */
  readonly #waiters = new Map<number, Waiter>()
  /** The ordinary timer that ends before the spinning. */
  #timer: Timer | null = null
  /** The instant for which the timer is set, epoch ms. */
  #setFor = Number.POSITIVE_INFINITY
  #isSpinning = false
  /** Spinning time that may still be spent, ms. */
  #reserveMs = RESERVE_MS
  /** When the reserve was last counted, on the monotonic clock, ms. */
  #countedAt: number

  constructor(clock: RedisClock, time: TimeSource) {
    this.#clock = clock
    this.#time = time
    this.#countedAt = time.monotonic()
  }

  /**
   * Resolves when Redis's clock shows the instant; null when it does already.
   *
   * @param maxWaitMs longest wait, from the reply of Redis: it bounds the delay by an imprecise or wrong clock
   */
  at(instantMs: number, maxWaitMs: number): Promise<void> | null {
    const latestAt = this.#time.monotonic() + maxWaitMs
    const leftMs = this.#leftUntil(instantMs, latestAt)
    if (!(leftMs > 0)) return null
    const known = this.#waiters.get(instantMs)
    if (known) return known.promise
    let resolve = () => {}
    const promise = new Promise<void>((done) => (resolve = done))
    this.#waiters.set(instantMs, { promise, resolve, latestAt })
    if (instantMs < this.#setFor && !this.#isSpinning) {
      if (this.#timer) this.#time.clearTimeout(this.#timer)
      this.#set(instantMs, leftMs)
    }
    return promise
  }

  /** The remaining wait, ms. The whole error of the clock is added, so that the wait may end late but never early. */
  #leftUntil(instantMs: number, latestAt: number): number {
    return Math.min(this.#clock.until(instantMs) + this.#clock.errorMs, latestAt - this.#time.monotonic())
  }

  #set(instantMs: number, leftMs: number): void {
    this.#count()
    this.#setFor = instantMs
    this.#isSpinning = leftMs <= SPIN_MS && this.#reserveMs > 0
    if (this.#isSpinning) this.#time.setImmediate(() => this.#spin(leftMs))
    else this.#timer = this.#time.setTimeout(() => this.#fire(), Math.max(1, Math.floor(leftMs - SPIN_MS / 2)))
  }

  /** Adds the share of the passed time to the reserve; a worker without a reserve sleeps instead of spinning. */
  #count(): void {
    const now = this.#time.monotonic()
    const passedMs = now - this.#countedAt
    this.#countedAt = now
    const gainedMs = passedMs * (this.#isSpinning ? SPIN_SHARE - 1 : SPIN_SHARE)
    // The reserve stays within its bounds also after the process was stopped or the host slept.
    this.#reserveMs = Math.max(-RESERVE_MS, Math.min(RESERVE_MS, this.#reserveMs + gainedMs))
  }

  /**
   * Sleeps for a part of the remaining wait, because pure spinning would starve Redis and other workers on the same
   * core.
   */
  #spin(leftMs: number): void {
    const sleepMs = Math.min(SLEEP_MS, leftMs - SLEEP_OVERRUN_MS)
    if (sleepMs > 0) this.#time.block(sleepMs)
    this.#fire()
  }

  #fire(): void {
    this.#timer = null
    let next = Number.POSITIVE_INFINITY
    let nextLeftMs = Number.POSITIVE_INFINITY
    const passed: number[] = []
    for (const [instantMs, { latestAt }] of this.#waiters) {
      const leftMs = this.#leftUntil(instantMs, latestAt)
      if (!(leftMs > 0)) {
        passed.push(instantMs)
      } else if (leftMs < nextLeftMs) {
        next = instantMs
        nextLeftMs = leftMs
      }
    }
    this.#resolve(passed)
    if (this.#waiters.size > 0) return this.#set(next, nextLeftMs)
    this.#count()
    this.#isSpinning = false
    this.#setFor = next
  }

  /** Resolves the waiters of passed instants in order; a delayed process may find several. */
  #resolve(passed: number[]): void {
    if (passed.length > 1) passed.sort((a, b) => a - b)
    for (const instantMs of passed) {
      const waiter = this.#waiters.get(instantMs)
      this.#waiters.delete(instantMs)
      waiter?.resolve()
    }
  }
}
