import { randomBytes } from 'node:crypto'
import { EverybeatError } from '../../index.js'
import { startMemoryServer, startRedisServer } from '../../testing/index.js'
import { openBareConnection, type BareConnection } from './bare-connection.js'

const NO_SERVER = "No Redis on this machine: the demo uses Everybeat's memory server, whose data is lost at the end."

/** The Redis of a demo, and the calls that the demo makes without the engine. */
export interface DemoEnvironment {
  readonly redis: string
  readonly prefix: string
  /** Whether the server was started for this demo. */
  readonly isOwn: boolean
  /** The instant by Redis's clock, which schedules follow, epoch ms. */
  now(): Promise<number>
  /** Writes one field of a definition by a plain Redis command. */
  writeField(schedule: string, field: string, value: string): Promise<void>
  /** Removes every key of the demo, and the server if it was started for it. */
  close(): Promise<void>
}

/**
 * Uses the given Redis, under a new prefix, or starts the server of this machine, or the memory server if this machine
 * has none. Installs nothing.
 */
export async function openEnvironment(
  redis: string | undefined,
  onProgress: (line: string) => void,
): Promise<DemoEnvironment> {
  const prefix = `everybeat-demo-${randomBytes(4).toString('hex')}`
  if (redis !== undefined) return createEnvironment(redis, prefix, await openBareConnection(redis))
  const server = await startRedisServer().catch(async (error: unknown) => {
    if (!(error instanceof EverybeatError) || error.code !== 'ERR_EVERYBEAT_DEPENDENCY') throw error
    onProgress(NO_SERVER)
    return await startMemoryServer()
  })
  try {
    const connection = await openBareConnection(server.url)
    return createEnvironment(server.url, prefix, connection, () => server.stop())
  } catch (error) {
    await server.stop()
    throw error
  }
}

function createEnvironment(
  redis: string,
  prefix: string,
  connection: BareConnection,
  stopServer?: () => Promise<void>,
): DemoEnvironment {
  return {
    redis,
    prefix,
    isOwn: stopServer !== undefined,
    async now() {
      const [seconds, microseconds] = (await connection.send('TIME')) as [string, string]
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    },
    async writeField(schedule, field, value) {
      await connection.send('HSET', `{${prefix}}:schedule:${schedule}`, field, value)
    },
    async close() {
      try {
        if (!stopServer) await removeKeys(connection, `{${prefix}}:*`)
      } finally {
        connection.close()
        await stopServer?.()
      }
    },
  }
}

async function removeKeys(connection: BareConnection, pattern: string): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = (await connection.send('SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000')) as [
      string,
      string[],
    ]
    if (keys.length > 0) await connection.send('UNLINK', ...keys)
    cursor = next
  } while (cursor !== '0')
}
