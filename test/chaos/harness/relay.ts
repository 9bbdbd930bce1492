import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'

/** A link that knows nothing of what goes through it: the stream of a replication is not made of replies. */
export interface Relay {
  readonly port: number
  /** What the server sends is swallowed; the connections are cut when it passes again. */
  setLosing(isLosing: boolean): void
  close(): Promise<void>
}

/** Starts a relay on a free loopback port. */
export async function startRelay(targetPort: number): Promise<Relay> {
  const drops = new Set<() => void>()
  let isLosing = false
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const drop = (): void => {
      client.destroy()
      upstream.destroy()
      drops.delete(drop)
    }
    drops.add(drop)
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', drop).on('close', drop)
    client.on('data', (chunk: Buffer) => upstream.write(chunk))
    upstream.on('data', (chunk: Buffer) => isLosing || client.write(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const drop of [...drops]) drop()
  }
  return {
    port: (server.address() as AddressInfo).port,
    setLosing(next) {
      if (isLosing && !next) cut()
      isLosing = next
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
