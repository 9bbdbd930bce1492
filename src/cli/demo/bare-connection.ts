import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { EverybeatError } from '../../index.js'

/** A connection that knows nothing of Everybeat: what a person at a `redis-cli` has. */
export interface BareConnection {
  /** Sends one command and gives its reply: text, arrays of replies, or null; integers as text. */
  send(...command: string[]): Promise<BareReply>
  close(): void
}

/** A reply of {@link BareConnection.send}. */
export type BareReply = string | null | BareReply[]

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Opens a connection to a `redis:` or `rediss:` URL, with its user, password and database.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when the server is not there or refuses, without the password.
 */
export async function openBareConnection(url: string): Promise<BareConnection> {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  const address = { host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port || 6379) }
  const isSecure = protocol === 'rediss:'
  const socket = isSecure ? connectTls({ ...address, servername: address.host }) : connectTcp(address)
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) })
    const connection = speak(socket)
    const user = username === '' ? [] : [decodeURIComponent(username)]
    if (password !== '') await connection.send('AUTH', ...user, decodeURIComponent(password))
    if (pathname.length > 1) await connection.send('SELECT', pathname.slice(1))
    return connection
  } catch (cause) {
    socket.destroy()
    const message = `Redis at ${address.host}:${address.port} cannot be used: ${(cause as Error).message}`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', cause })
  }
}

interface Waiting {
  resolve(reply: BareReply): void
  reject(error: Error): void
}

function speak(socket: Socket): BareConnection {
  const waiting: Waiting[] = []
  let received = Buffer.alloc(0)
  const fail = (error: Error) => waiting.splice(0).forEach(({ reject }) => reject(error))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    for (let parsed = parseReply(received, 0); parsed !== null; parsed = parseReply(received, 0)) {
      received = received.subarray(parsed.end)
      const { resolve, reject } = waiting.shift()!
      if (parsed.reply instanceof Error) reject(parsed.reply)
      else resolve(parsed.reply)
    }
  })
  return {
    send: (...command) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection was closed'))
        waiting.push({ resolve, reject })
        const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
        socket.write(`*${command.length}\r\n${parts.join('')}`)
      }),
    close: () => socket.destroy(),
  }
}

/** Reads one RESP reply that starts at `from`; null while it is not whole yet. */
function parseReply(bytes: Buffer, from: number): { reply: BareReply | Error; end: number } | null {
  const lineEnd = bytes.indexOf('\r\n', from)
  if (lineEnd < 0) return null
  const line = bytes.toString('utf8', from + 1, lineEnd)
  const start = lineEnd + 2
  switch (String.fromCharCode(bytes[from]!)) {
    case '-':
      return { reply: new Error(line), end: start }
    case '$':
      return parseText(bytes, Number(line), start)
    case '*':
      return parseArray(bytes, Number(line), start)
    default:
      return { reply: line, end: start }
  }
}

function parseText(bytes: Buffer, length: number, start: number): { reply: BareReply; end: number } | null {
  if (length < 0) return { reply: null, end: start }
  const end = start + length + 2
  return bytes.length < end ? null : { reply: bytes.toString('utf8', start, end - 2), end }
}

function parseArray(bytes: Buffer, count: number, start: number): { reply: BareReply | Error; end: number } | null {
  const items: BareReply[] = []
  let end = start
  for (let index = 0; index < count; index += 1) {
    const item = parseReply(bytes, end)
    if (item === null) return null
    if (item.reply instanceof Error) return item
    items.push(item.reply)
    end = item.end
  }
  return { reply: items, end }
}
