import type { RedisSource } from './redis-source.js'

/** What the option `redis` is for the store of this process. */
export const MEMORY_URL = 'memory:'

const MEMORY_NOTICE =
  'redis: memory: is a store inside this process, for development and tests: no other process sees it, and nothing of it outlives this process'

/** Opens connections to the store of this process; ioredis calls it in place of a socket. The store is loaded by the first. */
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

/** The place to connect to that `memory:` means: all instances of this process share one store. */
export const MEMORY_SOURCE: RedisSource = Object.freeze({
  kind: 'options',
  options: Object.freeze({ Connector: MemoryConnector as never }),
})

let isAnnounced = false

/** Says, once a process, that nothing outlives it, when `redis` is the store of this process. */
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
