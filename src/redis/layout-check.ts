import { endsWithin, type TimeSource } from '../time-source.js'
import { isConnectionLoss } from '../connection-loss.js'
import { EverybeatError } from '../errors.js'
import { assertLayout, readLayout, type ExpectedLayout } from './layout.js'
import { createKeys } from './keys.js'
import type { RedisClient } from './redis-client.js'

/** How long a look at the layout is believed before the next one, ms: a reshard may have changed the number of shards. */
const CHECK_MS = 5_000
/** How long a later look may take before what the last one found is believed, ms. */
const SILENT_MS = 2_000

/** Looks at the layout of the keys now and then, and refuses what does not fit it. */
export class LayoutCheck {
  readonly #client: RedisClient
  readonly #expected: ExpectedLayout
  readonly #time: TimeSource
  /** How long the first look may take, ms. */
  readonly #timeoutMs: number
  /** When a look succeeded last, on the monotonic clock. */
  #checkedAt = Number.NEGATIVE_INFINITY
  /** The look that is under way; null for none. */
  #look: Promise<void> | null = null
  /** Whether the look that is under way has taken too long: no call waits for it again. */
  #isSilent = false

  constructor(client: RedisClient, expected: ExpectedLayout, time: TimeSource, timeoutMs: number) {
    this.#client = client
    this.#expected = expected
    this.#time = time
    this.#timeoutMs = timeoutMs
  }

  /**
   * Looks at the keys when it has not lately. The layout has a key of its own, on one node of a Cluster: where that node is
   * gone or silent, what an earlier look found holds on, so that the other shards can be worked with.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_LAYOUT` when the keys have another layout, `ERR_EVERYBEAT_CONNECTION` when no
   * server answers
   */
  async check(): Promise<void> {
    if (this.#time.monotonic() - this.#checkedAt < CHECK_MS) return
    this.#look ??= this.#read()
    const isKnown = this.#checkedAt > Number.NEGATIVE_INFINITY && this.#expected.shards > 1
    if (isKnown && this.#isSilent) return
    try {
      const isInTime = await endsWithin(this.#time, isKnown ? SILENT_MS : this.#timeoutMs, this.#look)
      this.#isSilent = !isInTime
      if (!isInTime && !isKnown) throw this.#unanswered()
    } catch (error) {
      if (!isConnectionLoss(error)) throw error
      if (!isKnown) throw this.#unanswered(error)
    }
  }

  #unanswered(cause?: Error): EverybeatError {
    const { meta } = createKeys(this.#expected.prefix, 0, 1)
    const why = cause ? `: ${cause.message}` : ` within ${this.#timeoutMs} ms (connectTimeoutMs)`
    const message = `Redis did not answer what the layout of the fleet is (the key ${meta})${why}`
    return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, cause ? { cause } : {})
  }

  async #read(): Promise<void> {
    try {
      assertLayout(this.#expected, await readLayout(this.#client, this.#expected.prefix))
      this.#checkedAt = this.#time.monotonic()
    } finally {
      this.#look = null
      this.#isSilent = false
    }
  }
}
