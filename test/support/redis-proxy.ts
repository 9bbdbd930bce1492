import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { CommandCounts } from './command-counts.js'

/**
 * What happens to the traffic: it `passes`; `lose-replies` lets commands reach the server and swallows its answers;
 * `freeze` holds everything back until it passes again; `refuse` drops each connection, also new ones.
 */
export type Traffic = 'pass' | 'lose-replies' | 'freeze' | 'refuse'

/** A link to a Redis server that counts what clients send, and can be broken. */
export interface RedisProxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Commands that clients sent since the start or the last `reset`, by name; nothing that scripts do inside. */
  readonly counts: CommandCounts
  /** The sum of `counts`. */
  total(): number
  reset(): void
  /** Changes what happens from now on. Connections that lost replies are dropped when traffic passes again. */
  setTraffic(traffic: Traffic): void
  /** A connection that sends this command, in lower case, gets no answer to it, nor to later commands. */
  loseRepliesFrom(command: string): void
  /** Drops the connections of now; new ones are welcome. */
  cut(): void
  close(): Promise<void>
}

/** Starts a proxy on a free loopback port in front of the server at `target` (`redis://127.0.0.1:<port>`). */
export async function startRedisProxy(target: string): Promise<RedisProxy> {
  const targetPort = Number(new URL(target).port)
  const counts: CommandCounts = new Map()
  const links = new Set<{ client: Socket; server: Socket; hasLostReplies: boolean }>()
  let traffic: Traffic = 'pass'
  let lostFrom: string | null = null
  const listener = createServer((client) => {
    if (traffic === 'refuse') return void client.destroy()
    const link = { client, server: connect(targetPort, '127.0.0.1'), hasLostReplies: false }
    const { server } = link
    links.add(link)
    let isUnheard = false
    const readCommands = commandReader((name) => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      isUnheard ||= name === lostFrom
    })
    client.on('data', (chunk: Buffer) => {
      readCommands(chunk)
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (traffic === 'lose-replies') link.hasLostReplies = true
      else if (!isUnheard) client.write(chunk)
    })
    const drop = (): void => {
      client.destroy()
      server.destroy()
      links.delete(link)
    }
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', drop).on('close', drop)
    if (traffic === 'freeze') for (const socket of [client, server]) socket.pause()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const proxy: RedisProxy = {
    url: `redis://127.0.0.1:${port}`,
    port,
    counts,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    reset: () => counts.clear(),
    setTraffic(next) {
      traffic = next
      for (const { client, server, hasLostReplies } of links) {
        if (next === 'refuse' || (next === 'pass' && hasLostReplies)) client.destroy()
        else
          for (const socket of [client, server])
            if (next === 'freeze') socket.pause()
            else socket.resume()
      }
    },
    loseRepliesFrom(command) {
      lostFrom = command
    },
    cut() {
      for (const { client } of links) client.destroy()
    },
    async close() {
      proxy.cut()
      listener.close()
      await once(listener, 'close')
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  }
  return proxy
}

/** The longest line that says how many words, or bytes, follow. */
const MAX_HEAD_BYTES = 20

/**
 * Reads the arrays of bulk strings that clients send, over any split of the bytes, and reports each command's name. At the
 * first other byte (an inline command, TLS) it stops reading, because the names that follow cannot be known.
 */
export function commandReader(onCommand: (name: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let argumentsLeft = 0
  let isName = false
  let isLost = false
  return (chunk) => {
    if (isLost) return
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const lineEnd = rest.indexOf('\r\n')
      const head = rest.toString('latin1', 0, lineEnd < 0 ? Math.min(rest.length, MAX_HEAD_BYTES + 1) : lineEnd)
      const expected = argumentsLeft === 0 ? '*' : '$'
      if ((head !== '' && head[0] !== expected) || head.length > MAX_HEAD_BYTES) isLost = true
      else if (lineEnd >= 0 && !/^.\d+$/.test(head)) isLost = true
      if (isLost) rest = Buffer.alloc(0)
      if (isLost || lineEnd < 0) return
      const size = Number(head.slice(1))
      const afterLine = lineEnd + 2
      if (argumentsLeft === 0) {
        argumentsLeft = size
        isName = true
        rest = rest.subarray(afterLine)
        continue
      }
      if (rest.length < afterLine + size + 2) return
      if (isName) onCommand(rest.toString('latin1', afterLine, afterLine + size).toLowerCase())
      isName = false
      argumentsLeft -= 1
      rest = rest.subarray(afterLine + size + 2)
    }
  }
}
