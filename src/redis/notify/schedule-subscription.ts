import type { ScheduleListener, ScheduleWatch } from '../../control/listeners.js'
import { endsWithin } from '../../time-source.js'
import { closeClient, duplicateConnection, type Connection } from '../connection/client.js'
import { unreachable } from '../connection/wait-until-ready.js'
import { databaseOf, readMessage } from '../database.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'

/** The begin of messages about edited schedules. */
const CHANGED = 'changed '

/**
 * A subscription of any instance, also of one that is no worker, to the names of edited schedules. It has its own
 * connection.
 */
export class ScheduleSubscription implements ScheduleWatch {
  readonly #client: RedisClient
  readonly #connection: Connection
  readonly #listener: ScheduleListener
  /** The fleet channel of every shard. */
  readonly #channels: readonly string[]
  /** The first subscription. */
  readonly #subscribed: Promise<unknown>
  #isSubscribed = false
  #isClosed = false
  /** The last error of the connection. */
  #lastError: unknown

  constructor(connection: Connection, shards: readonly Keys[], listener: ScheduleListener) {
    this.#client = duplicateConnection(connection)
    this.#connection = connection
    this.#listener = listener
    this.#channels = shards.map((keys) => keys.wake)
    this.#client.on('message', (_channel: string, message: string) => this.#onMessage(message))
    this.#client.on('error', (error: unknown) => (this.#lastError = error))
    this.#subscribed = this.#client.subscribe(...this.#channels)
    this.#subscribed.then(
      () => (this.#isSubscribed = true),
      () => {},
    )
    this.#client.on('ready', () => this.#onReady())
  }

  /**
   * Resolves when messages arrive.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after this time, ms, with the last error of the connection as cause
   */
  async ready(timeoutMs: number): Promise<void> {
    if (await endsWithin(this.#connection.time, timeoutMs, this.#subscribed)) {
      await this.#subscribed
      return
    }
    throw unreachable(
      this.#client,
      `the connection for messages could not be made within ${timeoutMs} ms`,
      this.#lastError,
    )
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await closeClient(this.#client, this.#connection.time)
  }

  #onMessage(message: string): void {
    const own = readMessage(databaseOf(this.#connection.client), message)
    if (this.#isClosed || !own?.startsWith(CHANGED)) return
    this.#listener.onChange([...new Set(own.slice(CHANGED.length).split('\n'))])
  }

  /** Subscribes again after a reconnect, because no caller could handle a failure of ioredis to do so. */
  #onReady(): void {
    if (!this.#isSubscribed || this.#isClosed) return
    this.#client.subscribe(...this.#channels).then(
      () => this.#isClosed || this.#listener.onGap?.(),
      // After a refusal or another loss, the next connection subscribes.
      () => {},
    )
  }
}
