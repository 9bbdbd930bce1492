import { AsyncLocalStorage } from 'node:async_hooks'

/** Calls a function outside of every async context: the queue serves all runs, and takes no context of the run that filled it. */
const callOutsideContexts = AsyncLocalStorage.snapshot() as <Result>(work: () => Result) => Result
// Taken when the module is loaded: a test that stops the timers later does not stop the signals.
const { setImmediate } = globalThis

/**
 * Work that waits until the runs of an instant have started: they start one after the other in one turn of the event loop,
 * and each microsecond before a handler delays all later handlers.
 */
export class AfterStarts {
  readonly #onError: (error: unknown) => void
  /** The work that waits, in the order in which it was added. */
  #waiting: (() => void)[] = []
  /** Whether the queue is to be processed in a later turn of the event loop. */
  #isAsked = false

  /** @param onError called with the error that a piece of work throws; the remaining work is still done */
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

  /** Does all waiting work at once. Never throws. */
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

  /** Drops all waiting work. */
  clear(): void {
    this.#waiting = []
  }
}
