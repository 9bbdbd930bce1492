import type { Timer, TimeSource } from '../../time-source.js'

/** How long names are gathered, ms. */
const GATHER_MS = 20
/** Most names in one look. */
const MOST_NAMES = 200

/** Takes names one by one, as they are heard of. */
export interface NameGatherer {
  note(shard: number, name: string): void
  stop(): void
}

/**
 * Gathers names for one look: edits come in bursts (each field of a bare HSET, a bulk load). `look` must not reject; the
 * looks of one burst come one after the other.
 */
export function createNameGatherer(
  time: TimeSource,
  shards: number,
  look: (shard: number, names: readonly string[]) => Promise<void>,
): NameGatherer {
  const noted = Array.from({ length: shards }, () => new Set<string>())
  let timer: Timer | null = null
  let stopped = false

  async function lookAtNoted(): Promise<void> {
    timer = null
    for (const [shard, names] of noted.entries()) {
      const list = [...names]
      names.clear()
      for (let start = 0; start < list.length && !stopped; start += MOST_NAMES) {
        await look(shard, list.slice(start, start + MOST_NAMES))
      }
    }
  }

  return {
    note(shard, name) {
      if (stopped) return
      noted[shard]?.add(name)
      timer ??= time.setTimeout(() => void lookAtNoted(), GATHER_MS)
    },
    stop() {
      stopped = true
      if (timer) time.clearTimeout(timer)
    },
  }
}
