import type { Timer, TimeSource } from '../../time-source.js'

/** Time for which names are gathered, ms: edits arrive in bursts (each field of a bare HSET, a bulk load). */
const GATHER_MS = 20
/** Most names of one call. */
const BATCH_COUNT = 200

/** Handles names of one shard; must not reject. */
export type NameHandler = (shard: number, names: readonly string[]) => Promise<void>

/**
 * Gathers names and passes the names of one burst to its handler, at most 200 in one call, one call after the other.
 */
export class NameBatcher {
  readonly #time: TimeSource
  readonly #handle: NameHandler
  /** Gathered names by shard. */
  readonly #names = new Map<number, Set<string>>()
  /** Timer of the end of the burst. */
  #timer: Timer | null = null
  #isStopped = false

  constructor(time: TimeSource, handle: NameHandler) {
    this.#time = time
    this.#handle = handle
  }

  add(shard: number, name: string): void {
    if (this.#isStopped) return
    const names = this.#names.get(shard)
    if (names) names.add(name)
    else this.#names.set(shard, new Set([name]))
    this.#timer ??= this.#time.setTimeout(() => {
      this.#timer = null
      void this.flush()
    }, GATHER_MS)
  }

  /** Passes the gathered names to the handler. */
  async flush(): Promise<void> {
    const batches = [...this.#names].map(([shard, names]) => [shard, [...names]] as const)
    this.#names.clear()
    for (const [shard, names] of batches) {
      for (let start = 0; start < names.length && !this.#isStopped; start += BATCH_COUNT) {
        await this.#handle(shard, names.slice(start, start + BATCH_COUNT))
      }
    }
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer) this.#time.clearTimeout(this.#timer)
  }
}
