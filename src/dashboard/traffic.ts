/** A long reading in the background gives way to requests for at most so long between two of its pages, ms. */
const MOST_WAIT_MS = 100

/** Counts the requests that are being answered, so that work in the background gives way to them. */
export class Traffic {
  /** Requests that are under way. */
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

  /** Resolves when no request is open, or after a tenth of a second: requests that never end must not stop it for good. */
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
