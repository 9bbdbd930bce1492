import { AsyncLocalStorage } from 'node:async_hooks'

/** Calls a function outside of every async context: what waits is not of the run that happened to be the first. */
const callOutsideContexts = AsyncLocalStorage.snapshot() as <Result>(work: () => Result) => Result
// Taken when the module is loaded: a test that stops the timers later does not stop the signals.
const { setImmediate } = globalThis

/**
 * Work that waits until the runs of an instant have started: they start one behind the other in one turn of the event loop,
 * and each microsecond before a handler delays all handlers behind it.
 */
export class AfterStarts {
  readonly #onError: (error: unknown) => void
  /** In the order in which it was added. */
  #waiting: (() => void)[] = []
  /** Whether a turn is asked for. */
  #isAsked = false

  /** @param onError called with what a piece of work throws; the other work is done all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Adds work. It is done in this turn of the event loop or the next one. */
  add(work: () => void): void {
    this.#waiting.push(work)
    if (this.#isAsked) return
    this.#isAsked = true
    callOutsideContexts(() =>
      setImmediate(() => {
        this.#isAsked = false
        this.doNow()
      }),
    )
  }

  /** Does what waits now. Never throws. */
  doNow(): void {
    while (this.#waiting.length > 0) {
      const works = this.#waiting
      this.#waiting = []
      for (const work of works) {
        try {
          work()
        } catch (error) {
          this.#onError(error)
        }
      }
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = []
  }
}
