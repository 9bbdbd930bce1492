import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** A relay that does not read the bytes that pass: the stream of a replication has no replies. */
export interface Relay {
  readonly port: number
  /** What the server sends is swallowed; the connections are cut when it passes again. */
  setLosing(isLosing: boolean): void
  close(): Promise<void>
}

/** What a replica says before its stream begins, and a client never does. */
const HANDSHAKE = 'REPLCONF'

/**
 * Starts a relay on a free loopback port.
 *
 * @param losable what may be swallowed: everything, or only the streams to replicas, where clients come the same way
 */
export async function startRelay(targetPort: number, losable: 'all' | 'streams' = 'all'): Promise<Relay> {
  const links = new Set<{ isLosable: boolean; drop: () => void }>()
  let isLosing = false
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const drop = (): void => {
      client.destroy()
      upstream.destroy()
      links.delete(link)
    }
    const link = { isLosable: losable === 'all', drop }
    links.add(link)
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', drop).on('close', drop)
    client.on('data', (chunk: Buffer) => {
      link.isLosable ||= chunk.includes(HANDSHAKE)
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => (isLosing && link.isLosable) || client.write(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    setLosing(next) {
      if (isLosing && !next) for (const { isLosable, drop } of [...links]) if (isLosable) drop()
      isLosing = next
    },
    async close() {
      for (const { drop } of [...links]) drop()
      server.close()
      await once(server, 'close')
    },
  }
}
