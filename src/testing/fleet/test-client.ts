import { Redis } from 'ioredis'
import type { ConnectorClass } from '../../memory/index.js'

/** Settings of connections to the store of a fleet, without waits in real time. */
export const FLEET_SETTINGS = {
  retryStrategy: () => 1,
  disableClientInfo: true,
  maxRetriesPerRequest: null,
  // By real time it would end connections that are fine by the clock of the fleet, and keep the process alive behind it.
  socketTimeout: undefined as never,
} as const

/** Opens a client of the store of a fleet. */
export function openTestClient(connector: ConnectorClass): Redis {
  return new Redis({ ...FLEET_SETTINGS, Connector: connector as never })
}
