import { EverybeatError } from '../../errors.js'
import type { Emit } from '../../events/events.js'
import { toErrorData } from '../../events/events.js'
import type { RedisSource } from '../../options/redis-source.js'
import { wrongValue } from '../../schedule/field-values.js'
import { listenTo, stopListening } from './client-events.js'
import { addressOf } from './address.js'
import { closeClient, openConnection, type Connection } from './client.js'
import { waitUntilReady } from './wait-until-ready.js'
import { adviceFor, forgetPassword, isWrongDatabase } from './permanent-errors.js'
import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

const WITHOUT_KEY_PREFIX =
  "a client without keyPrefix, and Everybeat's option prefix instead: scripts derive keys, which the client cannot rename"

/** The listeners of a command connection. */
export interface ConnectionReports {
  readonly emit: Emit
  /** Called when the connection works again after a loss. */
  readonly onRestored: () => void
}

/**
 * The command connection of an instance, which is the user's client or a new one. Reports its losses and restorations.
 */
export class CommandConnection {
  readonly connection: Connection
  /** The address of the server, without user and password. */
  readonly address: string
  readonly #time: TimeSource
  readonly #reports: ConnectionReports
  /** The last error of the client since it was ready. */
  #lastError: unknown
  /** The refusal of the server to select the database; null for none. */
  #wrongDatabase: Error | null = null
  /** When the connection was lost, on the monotonic clock, ms; null while it is not. */
  #lostAt: number | null = null
  /** Whether the connection was ever ready; only then can it be lost. */
  #wasReady: boolean
  /** The wait for the connection that all callers share; null for none. */
  #waiting: Promise<void> | null = null
  #isClosed = false
  /** Messages of permanent errors that were reported since the connection was lost. */
  readonly #reported = new Set<string>()
  /** Bound, for ioredis removes a listener by its identity. */
  readonly #listeners = {
    error: (error: unknown) => this.#onError(error),
    close: () => this.#onClose(),
    ready: () => this.#onReady(),
  }

  /** @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a client with `keyPrefix` or `monitor` */
  constructor(source: RedisSource, time: TimeSource, reports: ConnectionReports) {
    this.connection = openConnection(source, time)
    this.#time = time
    this.#reports = reports
    const { client } = this.connection
    this.#refuseUnusable()
    this.address = addressOf(client)
    this.#wasReady = client.status === 'ready'
    listenTo(client, 'error', this.#listeners.error)
    listenTo(client, 'close', this.#listeners.close)
    listenTo(client, 'ready', this.#listeners.ready)
  }

  /** Resolves when commands can be sent; rejects with `ERR_EVERYBEAT_CONNECTION` after the time-out. */
  async ready(timeoutMs: number): Promise<void> {
    const { client } = this.connection
    if (isSubscribed(client)) {
      const message = `Redis at ${this.address}: the client in \`redis\` is subscribed to channels and cannot send commands; pass another one`
      throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis' })
    }
    if (this.#wrongDatabase) throw refusedDatabase(this.address, this.#wrongDatabase)
    if (client.status === 'ready') return
    // All callers share one wait, because many listeners at the user's client would cause a warning.
    this.#waiting ??= waitUntilReady(client, this.#time, timeoutMs).finally(() => (this.#waiting = null))
    await this.#waiting
  }

  /** Closes the connection, if Everybeat opened it, and ends the reports. */
  async close(): Promise<void> {
    const { client, owned } = this.connection
    this.#isClosed = true
    stopListening(client, 'error', this.#listeners.error)
    stopListening(client, 'close', this.#listeners.close)
    stopListening(client, 'ready', this.#listeners.ready)
    if (!owned) return
    client.on('error', () => {})
    await closeClient(client, this.#time)
  }

  #refuseUnusable(): void {
    const { client, owned } = this.connection
    const { keyPrefix, monitor } = ('nodes' in client ? client.options.redisOptions : client.options) ?? {}
    if (!keyPrefix && !monitor) return
    if (owned) void closeClient(client, this.#time)
    const code = 'ERR_EVERYBEAT_OPTIONS'
    if (keyPrefix) throw wrongValue('redis.keyPrefix', keyPrefix, WITHOUT_KEY_PREFIX, code)
    throw wrongValue(
      'redis.monitor',
      monitor,
      'a client without monitor: a monitoring client cannot send other commands',
      code,
    )
  }

  #onError(error: unknown): void {
    forgetPassword(error)
    this.#lastError = error
    // After this refusal ioredis continues in database 0, without an error.
    if (error instanceof Error && isWrongDatabase(error)) this.#wrongDatabase = error
    // A caller that waits for the first connection gets the error from its own call.
    const advice = this.#lostAt === null ? null : adviceFor(error)
    if (advice === null) return
    const data = toErrorData(error)
    // Each attempt to reconnect fails with the same error, which is reported once.
    if (this.#reported.has(data.message)) return
    this.#reported.add(data.message)
    this.#reports.emit('error', { ...data, message: `${data.message}. ${advice}`, context: 'connection' })
  }

  #onClose(): void {
    this.#wrongDatabase = null
    if (!this.#wasReady || this.#lostAt !== null || this.#isClosed) return
    this.#lostAt = this.#time.monotonic()
    const error = this.#lastError ? { error: toErrorData(this.#lastError) } : {}
    this.#reports.emit('connection:lost', { address: this.address, ...error })
  }

  #onReady(): void {
    this.#wasReady = true
    this.#lastError = undefined
    this.#reported.clear()
    if (this.#lostAt === null) return
    const downMs = Math.round(this.#time.monotonic() - this.#lostAt)
    this.#reports.emit('connection:restored', { address: this.address, downMs })
    this.#lostAt = null
    this.#reports.onRestored()
  }
}

function refusedDatabase(address: string, cause: Error): EverybeatError {
  const message = `Redis at ${address} refuses the database: ${cause.message}. ${adviceFor(cause)}`
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', cause })
}

/** Whether the owner of a live client has subscribed with it. The types of ioredis omit this member. */
function isSubscribed(client: RedisClient): boolean {
  return Boolean((client as { condition?: { subscriber?: unknown } | null }).condition?.subscriber)
}
