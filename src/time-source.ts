import { randomBytes } from 'node:crypto'

/** A timer of a {@link TimeSource}, for its `clear…` function. */
export interface Timer {
  /** Lets the process end although the timer is pending. */
  unref(): unknown
}

/**
 * The clocks, timers and random numbers of one instance. The engine uses no other, so a test that gives a worker a time
 * source controls all its time.
 */
export interface TimeSource {
  /** Milliseconds with a fraction that never jump, from an arbitrary origin. */
  readonly monotonic: () => number
  /** The wall clock, epoch ms. */
  readonly wall: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => Timer
  readonly clearTimeout: (timer: Timer) => void
  readonly setInterval: (callback: () => void, periodMs: number) => Timer
  readonly clearInterval: (timer: Timer) => void
  /** Calls back after the messages that have already arrived are read. */
  readonly setImmediate: (callback: () => void) => Timer
  readonly clearImmediate: (timer: Timer) => void
  /** Blocks the thread for about this long, ms, at most 1 ms: the precise timer waits without using its core. */
  readonly block: (durationMs: number) => void
  /** A random number in [0, 1). */
  readonly random: () => number
  /** A new id, of lower-case letters and digits, that no other call returns in any process. */
  readonly randomId: () => string
}

/** Longest delay of a timer of Node.js, ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** Windows sleeps in steps of up to 16 ms. */
const CAN_BLOCK = process.platform !== 'win32'
/** Shared memory that is never notified: a wait on it ends by its time-out. */
const NEVER_NOTIFIED = new Int32Array(new SharedArrayBuffer(4))

/**
 * The clocks, timers and random numbers of this machine. Each call looks up the global function, because tests may
 * replace it.
 */
export const SYSTEM_TIME: TimeSource = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  // Node.js ends a longer delay at once.
  setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setInterval: (callback, periodMs) => setInterval(callback, periodMs),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
  setImmediate: (callback) => setImmediate(callback),
  clearImmediate: (timer) => clearImmediate(timer as NodeJS.Immediate),
  block: (durationMs) => void (CAN_BLOCK && Atomics.wait(NEVER_NOTIFIED, 0, 0, durationMs)),
  random: () => Math.random(),
  // 62 random bits. Each entry of a history holds the id of its worker, so an id is as short as safe.
  randomId: () => randomBytes(8).readBigUInt64BE().toString(36).padStart(13, '0').slice(-12),
}

/**
 * The key under which the options of an instance may carry a {@link TimeSource}. Only the test kit of this package uses
 * it; it is not a public option.
 */
export const TIME_SOURCE = Symbol.for('everybeat.time-source')

/** The time source of an instance: the one in its options, or else the machine's. */
export function timeSourceOf(options: object): TimeSource {
  return (options as { [TIME_SOURCE]?: TimeSource })[TIME_SOURCE] ?? SYSTEM_TIME
}

/** Resolves after a delay, ms. */
export function sleep(time: TimeSource, delayMs: number): Promise<void> {
  return new Promise((resolve) => void time.setTimeout(resolve, delayMs))
}

/**
 * Waits until `work` settles, at most `timeoutMs`; without a limit for Infinity.
 *
 * @param keepsAlive whether the wait alone keeps the process alive; default: it does not
 * @returns whether `work` ended in time
 * @throws what `work` rejects with in time; a later rejection is ignored
 */
export async function endsWithin(
  time: TimeSource,
  timeoutMs: number,
  work: Promise<unknown>,
  keepsAlive = false,
): Promise<boolean> {
  let timer: Timer | undefined
  const timeout = new Promise<false>((resolve) => {
    const wait = (leftMs: number) => {
      const delayMs = Math.min(leftMs, MAX_TIMER_MS)
      timer = time.setTimeout(() => (leftMs > delayMs ? wait(leftMs - delayMs) : resolve(false)), delayMs)
      if (!keepsAlive) timer.unref()
    }
    wait(timeoutMs)
  })
  try {
    return await Promise.race([work.then(() => true), timeout])
  } finally {
    if (timer) time.clearTimeout(timer)
  }
}
