import type { Emit } from '../../events/events.js'
import { toErrorData } from '../../events/events.js'
import type { RedisSource } from '../../options/redis-source.js'
import { EverybeatError } from '../../errors.js'
import { listenTo, stopListening } from './client-events.js'
import { addressOf } from './address.js'
import { closeClient, openConnection, type Connection } from './client.js'
import { waitUntilReady } from './wait-until-ready.js'
import { adviceFor, forgetPassword } from './permanent-errors.js'
import type { TimeSource } from '../../time-source.js'

/** The command connection of an instance, and news of its losses. */
export interface Link {
  readonly connection: Connection
  readonly address: string
  /** Resolves when commands can be sent; rejects with `ERR_EVERYBEAT_CONNECTION` after the time-out. */
  ready(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** Opens the connection of an instance, or takes the user's, and reports when it goes and comes back. */
export function openLink(source: RedisSource, time: TimeSource, emit: Emit, onRestored: () => void): Link {
  const connection = openConnection(source, time)
  const { client, owned } = connection
  const keyPrefix = 'nodes' in client ? client.options.redisOptions?.keyPrefix : client.options.keyPrefix
  if (keyPrefix) {
    if (owned) void closeClient(client, time)
    const message = `redis: a client with keyPrefix ${JSON.stringify(keyPrefix)} is not allowed: use the prefix option of Everybeat, scripts derive keys that the client cannot rename`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'redis.keyPrefix', value: keyPrefix })
  }
  const address = addressOf(client)
  let lastError: unknown
  let lostAt: number | null = null
  let wasReady = client.status === 'ready'
  let waiting: Promise<void> | null = null
  let closed = false
  const told = new Set<string>()
  const onError = (error: unknown) => {
    forgetPassword(error)
    lastError = error
    // Who waits for the first connection learns of it by the error of the call.
    const advice = lostAt === null ? null : adviceFor(error)
    if (advice === null) return
    const data = toErrorData(error)
    // Each attempt to come back meets the same: once is enough.
    if (told.has(data.message)) return
    told.add(data.message)
    emit('error', { ...data, message: `${data.message}. ${advice}`, context: 'connection' })
  }
  const onClose = () => {
    if (!wasReady || lostAt !== null || closed) return
    lostAt = time.monotonic()
    emit('connection:lost', { address, ...(lastError ? { error: toErrorData(lastError) } : {}) })
  }
  const onReady = () => {
    wasReady = true
    lastError = undefined
    told.clear()
    if (lostAt === null) return
    emit('connection:restored', { address, downMs: time.monotonic() - lostAt })
    lostAt = null
    onRestored()
  }
  listenTo(client, 'error', onError)
  listenTo(client, 'close', onClose)
  listenTo(client, 'ready', onReady)
  return {
    connection,
    address,
    ready(timeoutMs) {
      if (client.status === 'ready') return Promise.resolve()
      // However many calls wait for the connection, they wait together: the client may be the user's.
      waiting ??= waitUntilReady(client, time, timeoutMs).finally(() => (waiting = null))
      return waiting
    },
    async close() {
      closed = true
      stopListening(client, 'error', onError)
      stopListening(client, 'close', onClose)
      stopListening(client, 'ready', onReady)
      if (!owned) return
      client.on('error', () => {})
      await closeClient(client, time)
    },
  }
}
