import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'

/** How long after a beat its record is surely kept, ms: a worker that is silent for 15 s is removed from the fleet. */
const SURE_MS = 10_000
/** The field of meta that says when the dataset went back, and to when. */
const REWIND_FIELD = 'rewound'

/** A dataset that went back in time. */
export interface Rewind {
  /** When a worker noticed it, epoch ms of Redis's clock. */
  readonly at: number
  /** What was written until then is kept, epoch ms; null where the dataset is older than the worker that noticed it. */
  readonly to: number | null
}

/** What a heartbeat says of the dataset. */
export interface DatasetSign {
  /** The name of the generation, with a mark of its own each time the dataset went back. */
  readonly generation: string
  /** That the dataset went back since the beat before; null where it did not. */
  readonly rewind: Rewind | null
}

/**
 * Notices that the dataset of Redis went back in time under the same generation: an older replica took over, or a backup was
 * restored. It has then forgotten the last heartbeat of this worker, or knows an older one.
 */
export class DatasetWatch {
  /** Redis's time of the last beat that was answered, epoch ms; null before the first. */
  #beatMs: number | null = null
  /** The generation of that beat. */
  #generation = ''
  /** How many times the dataset went back. */
  #losses = 0

  /**
   * Takes in the answer to a beat. A generation that differs from the last one is another dataset, which does not go back.
   *
   * @param nowMs Redis's time of this beat, epoch ms
   * @param knownMs the beat before it, as far as the dataset knows, epoch ms; null for none
   */
  take(generation: string, nowMs: number, knownMs: number | null): DatasetSign {
    const beatMs = this.#beatMs
    const isSame = generation === this.#generation
    this.#beatMs = nowMs
    this.#generation = generation
    // A clock that was set back says nothing, and neither does a record that may have been removed.
    const isComparable = beatMs !== null && nowMs >= beatMs
    const isLost = isComparable && (knownMs === null ? nowMs - beatMs < SURE_MS : knownMs < beatMs)
    if (isLost) this.#losses += 1
    return {
      generation: this.#losses === 0 ? generation : `${generation}~${this.#losses}`,
      rewind: isLost && isSame ? { at: nowMs, to: knownMs } : null,
    }
  }
}

/** Notes for `doctor` that the dataset went back; the last note of another worker counts. */
export async function noteRewind(client: RedisClient, { meta }: Keys, { at, to }: Rewind): Promise<void> {
  await client.hset(meta, REWIND_FIELD, `${at} ${to ?? ''}`)
}

/** Reads when the dataset went back last; null for never. */
export async function readRewind(client: RedisClient, { meta }: Keys): Promise<Rewind | null> {
  const match = /^(\d+) (\d*)$/.exec((await client.hget(meta, REWIND_FIELD)) ?? '')
  return match ? { at: Number(match[1]), to: match[2] === '' ? null : Number(match[2]) } : null
}
