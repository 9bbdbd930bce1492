import type { Settlement, SettleOutcome, WorkerStore } from './port.js'

/** How long to wait before a settlement that Redis did not take is sent again, ms. */
const RETRY_MS = 250
/** Settlements in one call: large enough to share its cost, small enough not to hold up Redis. */
const BATCH_COUNT = 100

/** Sends what became of runs, as many as come together in one call, and again until Redis has answered. */
export interface Settler {
  /** Resolves with what Redis says of it; never rejects. After {@link stop} an unanswered one resolves as `lost`. */
  settle(settlement: Settlement): Promise<SettleOutcome>
  /** Resolves when all is answered, or when the time is over. */
  stop(timeoutMs: number): Promise<void>
}

interface Entry {
  settlement: Settlement
  resolve: (outcome: SettleOutcome) => void
}

/** Creates the settler of one shard. A repeated call changes nothing in Redis, so it is repeated until it is answered. */
export function createSettler(store: WorkerStore, onError: (error: unknown) => void): Settler {
  const waiting: Entry[] = []
  let scheduled = false
  let stopped = false
  const inFlight = new Set<Promise<void>>()

  function flushSoon(): void {
    if (scheduled) return
    scheduled = true
    // Runs that end in the same turn of the event loop share one call.
    setImmediate(() => {
      scheduled = false
      while (waiting.length > 0) {
        const call = send(waiting.splice(0, BATCH_COUNT))
        inFlight.add(call)
        void call.finally(() => inFlight.delete(call))
      }
    })
  }

  async function send(entries: Entry[]): Promise<void> {
    for (;;) {
      try {
        const outcomes = await store.settle(entries.map(({ settlement }) => settlement))
        for (const [index, { resolve }] of entries.entries()) resolve(outcomes[index] ?? 'lost')
        return
      } catch (error) {
        onError(error)
        if (stopped) break
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        if (stopped) break
      }
    }
    for (const { resolve } of entries) resolve('lost')
  }

  return {
    settle: (settlement) =>
      new Promise((resolve) => {
        waiting.push({ settlement, resolve })
        flushSoon()
      }),
    async stop(timeoutMs) {
      await new Promise((resolve) => setImmediate(resolve))
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())
      await Promise.race([Promise.all(inFlight), timeout])
      stopped = true
    },
  }
}
