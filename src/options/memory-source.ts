import type { RedisSource } from './redis-source.js'

/** The value of the option `redis` for the store inside this process. */
export const MEMORY_URL = 'memory:'

const MEMORY_NOTICE =
  'redis: memory: is a store inside this process, for development and tests: no other process can use it, and its data is lost when this process ends'

/**
 * Opens connections to the store inside this process; ioredis uses it instead of a socket. The first connection loads
 * the store.
 */
class MemoryConnector {
  /** Ends the connection; null before the first. */
  #disconnect: (() => void) | null = null
  #isWanted = false

  async connect(): Promise<unknown> {
    this.#isWanted = true
    const { createConnectorClass, openMemoryStream, processStore } = await import('../memory/index.js')
    if (!this.#isWanted) throw new Error('Connection is closed.')
    const connector = new (createConnectorClass(() => openMemoryStream(processStore())))()
    this.#disconnect = () => connector.disconnect()
    return await connector.connect()
  }

  disconnect(): void {
    this.#isWanted = false
    this.#disconnect?.()
  }

  check(): boolean {
    return true
  }
}

/** The source of `memory:`: all instances of this process share one store. */
export const MEMORY_SOURCE: RedisSource = Object.freeze({
  kind: 'options',
  options: Object.freeze({ Connector: MemoryConnector as never }),
})

let isAnnounced = false

/**
 * Logs, once in a process, that its data is lost when the process ends, if `redis` is the store inside this process.
 */
export function announceMemory({
  redis,
  logger,
}: {
  redis: RedisSource
  logger: { warn(message: string): void }
}): void {
  if (redis !== MEMORY_SOURCE || isAnnounced) return
  isAnnounced = true
  logger.warn(MEMORY_NOTICE)
}
