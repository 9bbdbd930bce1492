import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'

/**
 * Time after a heartbeat for which its record certainly exists, ms: a worker without heartbeats for 15 s is removed
 * from the fleet.
 */
const SURE_MS = 10_000
/** The field of meta that holds when the dataset was set back, and to which instant. */
const REWIND_FIELD = 'rewound'

/** The fact that a dataset was set back in time. */
export interface Rewind {
  /** When a worker noticed it, epoch ms of Redis's clock. */
  readonly at: number
  /**
   * The instant up to which writes are kept, epoch ms; null if the dataset is older than the worker that noticed it.
   */
  readonly to: number | null
}

/** The result of a heartbeat about the dataset. */
export interface DatasetSign {
  /** The name of the generation, with another suffix each time the dataset was set back. */
  readonly generation: string
  /** Present if the dataset was set back since the previous heartbeat; otherwise null. */
  readonly rewind: Rewind | null
}

/**
 * Notices that the dataset of Redis was set back in time under the same generation: an older replica took over, or a
 * backup was restored. Then the last heartbeat of this worker is missing in it, or older.
 */
export class DatasetWatch {
  /** Redis's time of the last answered heartbeat, epoch ms; null before the first. */
  #beatMs: number | null = null
  /** The generation of that heartbeat. */
  #generation = ''
  /** Number of times that the dataset was set back. */
  #losses = 0

  /**
   * Compares the answer to a heartbeat with the previous one. Another generation is another dataset, which was not set
   * back.
   *
   * @param nowMs Redis's time of this heartbeat, epoch ms
   * @param knownMs the previous heartbeat in the dataset, epoch ms; null for none
   */
  take(generation: string, nowMs: number, knownMs: number | null): DatasetSign {
    const beatMs = this.#beatMs
    const isSame = generation === this.#generation
    this.#beatMs = nowMs
    this.#generation = generation
    // After a clock was set back, or after the record may have been removed, the heartbeats cannot be compared.
    const isComparable = beatMs !== null && nowMs >= beatMs
    const isLost = isComparable && (knownMs === null ? nowMs - beatMs < SURE_MS : knownMs < beatMs)
    if (isLost) this.#losses += 1
    return {
      generation: this.#losses === 0 ? generation : `${generation}~${this.#losses}`,
      rewind: isLost && isSame ? { at: nowMs, to: knownMs } : null,
    }
  }
}

/** Stores for `doctor` that the dataset was set back; the last writer of several workers wins. */
export async function noteRewind(client: RedisClient, { meta }: Keys, { at, to }: Rewind): Promise<void> {
  await client.hset(meta, REWIND_FIELD, `${at} ${to ?? ''}`)
}

/** Reads when the dataset was last set back; null for never. */
export async function readRewind(client: RedisClient, { meta }: Keys): Promise<Rewind | null> {
  const match = /^(\d+) (\d*)$/.exec((await client.hget(meta, REWIND_FIELD)) ?? '')
  return match ? { at: Number(match[1]), to: match[2] === '' ? null : Number(match[2]) } : null
}
