import { endsWithin, sleep, type Timer, type TimeSource } from '../../time-source.js'
import type { Settlement, SettleOutcome, WorkerStore } from '../store.js'

/** How long to wait before a settlement that Redis did not take is sent again, ms. */
const RETRY_MS = 250
/** How long settlements stand back for one claim, ms. */
const HOLD_MS = 100
/**
 * For as long settlements stand back while one claim follows the other, ms: starts of one instant are over by then. Where
 * they never are, settlements that stood back would only come in bursts.
 */
const MAX_HOLD_MS = 200
/** Settlements in one call: large enough to share its cost, small enough not to hold up Redis. */
const BATCH_COUNT = 100

/** Sends what became of runs, as many as come together in one call, and again until Redis has answered. */
export interface Settler {
  /**
   * Resolves with what Redis says of it; rejects with what `decide` throws. After {@link stop} an unanswered one resolves as
   * `lost`.
   *
   * @param decide makes the settlement, when it is sent
   * @param canWait whether nobody waits for the end of the run
   */
  settle<Decided extends Settlement>(decide: () => Decided, canWait?: boolean): Promise<Settled<Decided>>
  /** Something due is being claimed: settlements stand back for a moment, since starts come before them. */
  hold(): void
  /** Sends what stood back. */
  release(): void
  /** Resolves when all is answered, or when the time is over. */
  stop(timeoutMs: number): Promise<void>
}

/** A settlement that was sent, and what Redis says of it. */
export interface Settled<Decided extends Settlement> {
  readonly settlement: Decided
  readonly outcome: SettleOutcome
}

interface Entry {
  decide: () => Settlement
  resolve: (settled: Settled<Settlement>) => void
  reject: (error: unknown) => void
}

/** Creates the settler of one shard. A repeated call changes nothing in Redis, so it is repeated until it is answered. */
export function createSettler(store: WorkerStore, time: TimeSource, onError: (error: unknown) => void): Settler {
  const waiting: Entry[] = []
  let scheduled = false
  let stopped = false
  let heldUntil = Number.NEGATIVE_INFINITY
  let busySince: number | null = null
  let timer: Timer | null = null
  const inFlight = new Set<Promise<void>>()

  function flushSoon(): void {
    if (scheduled || waiting.length === 0) return
    const heldMs = heldUntil - time.monotonic()
    if (heldMs > 0) {
      timer ??= time.setTimeout(() => {
        timer = null
        flushSoon()
      }, Math.ceil(heldMs))
      return
    }
    scheduled = true
    // Runs that end in the same turn of the event loop share one call.
    time.setImmediate(() => {
      scheduled = false
      flush()
    })
  }

  function flush(): void {
    if (timer) time.clearTimeout(timer)
    timer = null
    while (waiting.length > 0) {
      const call = send(waiting.splice(0, BATCH_COUNT))
      inFlight.add(call)
      void call.finally(() => inFlight.delete(call))
    }
  }

  async function send(entries: Entry[]): Promise<void> {
    const decided = entries.flatMap(decideEntry)
    if (decided.length === 0) return
    const settlements = decided.map(({ settlement }) => settlement)
    let outcomes: SettleOutcome[] | null = null
    while (!outcomes) {
      try {
        outcomes = await store.settle(settlements)
      } catch (error) {
        onError(error)
        if (stopped) break
        await sleep(time, RETRY_MS)
        if (stopped) break
      }
    }
    for (const [index, { resolve, settlement }] of decided.entries()) {
      resolve({ settlement, outcome: outcomes?.[index] ?? 'lost' })
    }
  }

  return {
    settle: <Decided extends Settlement>(decide: () => Decided, canWait = false) =>
      new Promise<Settled<Decided>>((resolve, reject) => {
        // All that waits goes with the one that cannot: one call for all is less than two.
        if (!canWait) heldUntil = Number.NEGATIVE_INFINITY
        waiting.push({ decide, resolve: resolve as (settled: Settled<Settlement>) => void, reject })
        flushSoon()
      }),
    hold() {
      const now = time.monotonic()
      busySince ??= now
      heldUntil = Math.min(now + HOLD_MS, busySince + MAX_HOLD_MS)
    },
    release() {
      heldUntil = Number.NEGATIVE_INFINITY
      busySince = null
      flushSoon()
    },
    async stop(timeoutMs) {
      heldUntil = Number.NEGATIVE_INFINITY
      flush()
      await new Promise<void>((resolve) => void time.setImmediate(resolve))
      await endsWithin(time, timeoutMs, Promise.all(inFlight))
      stopped = true
    },
  }
}

/** One that cannot be decided must not keep the others of its call from being settled. */
function decideEntry({ decide, resolve, reject }: Entry): { settlement: Settlement; resolve: Entry['resolve'] }[] {
  try {
    return [{ settlement: decide(), resolve }]
  } catch (error) {
    reject(error)
    return []
  }
}
