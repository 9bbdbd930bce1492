import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A command as a client sent it: its words, at most the first few. */
export type Command = readonly string[]

/** One reply of the server, whole, with the command that it answers. */
export interface Reply {
  readonly command: Command
  readonly bytes: Buffer
}

/** What to do with a reply: hand it on, now or later, or hand on its first bytes only and cut the connection. */
export type Verdict = 'pass' | { cutAfter: number } | { holdMs: number }

/** A link to a Redis server that knows where a reply begins and ends, and can lose any part of it. */
export interface ChaosProxy {
  readonly url: string
  readonly port: number
  /** Where new connections go. */
  targetPort: number
  /** Delay of every byte in each direction, ms. */
  delayMs: number
  /** Nothing goes through, nothing is closed: what a dead switch looks like. */
  isBlackHole: boolean
  /** What the server says is swallowed; what clients say still arrives. */
  isDeaf: boolean
  /** Asked for each reply while it is set; clients that subscribe are left alone. */
  judge: ((reply: Reply) => Verdict) | null
  /** Closes the server's side of all present connections, without a notice to the clients. */
  sever(): void
  /** Cuts all connections of now. */
  cut(): void
  /**
   * From now on drops every byte of the present connections with this name, and closes none of them, as a network does
   * that has dropped its connection table. Gives their count; new connections are not affected.
   */
  silence(connectionName: string): number
  close(): Promise<void>
}

/** Starts a proxy on a free loopback port. */
export async function startProxy(targetPort: number): Promise<ChaosProxy> {
  const links = new Set<() => void>()
  const severs = new Map<() => void, () => void>()
  const named = new Set<{ name: string; isSilent: boolean }>()
  const server = createServer((client) => {
    const link = { name: '', isSilent: false }
    named.add(link)
    const upstream = connect(proxy.targetPort, '127.0.0.1')
    const commands: Command[] = []
    const drop = (): void => {
      client.destroy()
      upstream.destroy()
      links.delete(drop)
      severs.delete(drop)
      named.delete(link)
    }
    links.add(drop)
    severs.set(drop, () => {
      upstream.off('close', drop)
      upstream.destroy()
    })
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', drop).on('close', drop)
    const readCommand = createCommandReader((command) => {
      commands.push(command)
      if (command[0] === 'client' && command[1]?.toLowerCase() === 'setname') link.name = command[2] ?? ''
    })
    const readReply = createReplyReader()
    let isSubscriber = false
    let isCut = false
    let held: Promise<void> | null = null
    const answer = (bytes: Buffer): void => {
      if (held) void held.then(() => pass(client, bytes))
      else pass(client, bytes)
    }
    client.on('data', (chunk: Buffer) => {
      if (!isSubscriber) readCommand(chunk)
      if (!upstream.destroyed) pass(upstream, chunk)
    })
    function pass(socket: Socket, chunk: Buffer): void {
      if (!link.isSilent) send(socket, chunk)
    }
    upstream.on('data', (chunk: Buffer) => {
      if (proxy.isDeaf) return
      if (isSubscriber || commands.some(([name]) => name?.includes('subscribe'))) {
        isSubscriber = true
        return pass(client, chunk)
      }
      for (const bytes of readReply(chunk)) {
        const command = commands.shift() ?? []
        const verdict = isCut ? 'pass' : (proxy.judge?.({ command, bytes }) ?? 'pass')
        if (isCut) return
        if (verdict === 'pass') answer(bytes)
        else if ('holdMs' in verdict) {
          const holding = new Promise<void>((resolve) => setTimeout(resolve, verdict.holdMs))
          held = holding
          void holding.then(() => held === holding && (held = null))
          void holding.then(() => pass(client, bytes))
        } else {
          isCut = true
          client.write(bytes.subarray(0, verdict.cutAfter), drop)
          if (verdict.cutAfter === 0) drop()
          return
        }
      }
    })
  })
  function send(socket: Socket, chunk: Buffer): void {
    if (proxy.isBlackHole) return
    if (proxy.delayMs > 0) setTimeout(() => socket.writable && socket.write(chunk), proxy.delayMs)
    else socket.write(chunk)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const proxy: ChaosProxy = {
    url: `redis://127.0.0.1:${port}`,
    port,
    targetPort,
    delayMs: 0,
    isBlackHole: false,
    isDeaf: false,
    judge: null,
    sever() {
      for (const sever of severs.values()) sever()
    },
    cut() {
      for (const drop of [...links]) drop()
    },
    silence(connectionName) {
      const found = [...named].filter(({ name }) => name === connectionName)
      for (const link of found) link.isSilent = true
      return found.length
    },
    async close() {
      proxy.cut()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

const KEPT_WORDS = 4

/** Reads the arrays of bulk strings that clients send, over any split of the bytes. */
function createCommandReader(onCommand: (command: Command) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let words: string[] = []
  let left = 0
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const lineEnd = rest.indexOf('\r\n')
      if (lineEnd < 0) return
      const size = Number(rest.toString('latin1', 1, lineEnd))
      if (left === 0) {
        if (!Number.isSafeInteger(size))
          throw new Error(`no command: ${JSON.stringify(rest.toString('latin1', 0, 40))}`)
        left = size
        words = []
        rest = rest.subarray(lineEnd + 2)
        continue
      }
      const end = lineEnd + 2 + size
      if (rest.length < end + 2) return
      if (words.length < KEPT_WORDS) {
        const word = rest.toString('utf8', lineEnd + 2, end)
        words.push(words.length === 0 ? word.toLowerCase() : word)
      }
      rest = rest.subarray(end + 2)
      left -= 1
      if (left === 0) onCommand(words)
    }
  }
}

/** Gives the whole replies that a chunk completes. */
function createReplyReader(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    const replies: Buffer[] = []
    for (let end = replyEnd(rest, 0); end > 0; end = replyEnd(rest, 0)) {
      replies.push(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
    return replies
  }
}

/** Where the reply (RESP 2) that begins here ends, or -1 when it is not all there. */
function replyEnd(bytes: Buffer, start: number): number {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd < 0) return -1
  const type = String.fromCharCode(bytes[start]!)
  const number = Number(bytes.toString('latin1', start + 1, lineEnd))
  let end = lineEnd + 2
  if (type === '$') {
    if (number < 0) return end
    end += number + 2
    return end <= bytes.length ? end : -1
  }
  if (type === '*') {
    for (let index = 0; index < number; index += 1) {
      end = replyEnd(bytes, end)
      if (end < 0) return -1
    }
  }
  return end
}
