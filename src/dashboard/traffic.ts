/** Longest time for which a background reading waits for requests between two of its pages, ms. */
const MOST_WAIT_MS = 100

/** Counts the open requests, so that work in the background waits for them. */
export class Traffic {
  /** Number of open requests. */
  #open = 0
  /** Called when no request is open any more. */
  #waiting: (() => void)[] = []

  /** Does the work of one request. */
  async pass<Result>(work: () => Promise<Result> | Result): Promise<Result> {
    this.#open += 1
    try {
      return await work()
    } finally {
      this.#open -= 1
      if (this.#open === 0) for (const resume of this.#waiting.splice(0)) resume()
    }
  }

  /** Resolves when no request is open, or after a tenth of a second, so that endless requests do not stop background work. */
  async quiet(): Promise<void> {
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, MOST_WAIT_MS).unref()
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
