import { endsWithin, type TimeSource } from '../time-source.js'
import { isConnectionLoss } from '../connection-loss.js'
import { EverybeatError } from '../errors.js'
import { assertLayout, readLayout, type ExpectedLayout } from './layout.js'
import { createKeys } from './keys.js'
import type { RedisClient } from './redis-client.js'

/** Time after which the layout is read again, ms: a reshard may have changed the number of shards. */
const CHECK_MS = 5_000
/** Longest wait for a later reading before the last one is used, ms. */
const SILENT_MS = 2_000

/** Reads the layout of the keys at intervals, and rejects calls while it differs from the options. */
export class LayoutCheck {
  readonly #client: RedisClient
  readonly #expected: ExpectedLayout
  readonly #time: TimeSource
  /** Longest duration of the first reading, ms. */
  readonly #timeoutMs: number
  /** When the last reading succeeded, on the monotonic clock, ms. */
  #checkedAt = Number.NEGATIVE_INFINITY
  /** The reading in progress; null for none. */
  #look: Promise<void> | null = null
  /** Whether the reading in progress has taken too long, so that no call waits for it again. */
  #isSilent = false

  constructor(client: RedisClient, expected: ExpectedLayout, time: TimeSource, timeoutMs: number) {
    this.#client = client
    this.#expected = expected
    this.#time = time
    this.#timeoutMs = timeoutMs
  }

  /**
   * Reads the layout if the last reading is too old. The layout has its own key, on one node of a Cluster. While that
   * node does not answer, the last reading stays valid, so that the other shards remain usable.
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
