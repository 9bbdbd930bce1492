import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { EverybeatError } from '../../index.js'

/** A connection without Everybeat, such as a person at a `redis-cli` has. */
export interface BareConnection {
  /** Sends one command and gives its reply: text, arrays of replies, or null; integers as text. */
  send(...command: string[]): Promise<BareReply>
  close(): void
}

/** A reply of {@link BareConnection.send}. */
export type BareReply = string | null | BareReply[]

const CONNECT_TIMEOUT_MS = 10_000

/**
 * Opens a connection to a `redis:` or `rediss:` URL, with its user, password and database, or to the path of a socket.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when the server cannot be reached or refuses the connection;
 *   `ERR_EVERYBEAT_OPTIONS` for another text. No message holds the password.
 */
export async function openBareConnection(redis: string): Promise<BareConnection> {
  const place = readPlace(redis)
  const socket = place.isSecure ? connectTls({ ...place.address, servername: place.host }) : connectTcp(place.address)
  try {
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS)
    await once(socket, place.isSecure ? 'secureConnect' : 'connect', { signal })
    const connection = speak(socket)
    for (const command of place.greeting) await connection.send(...command)
    return connection
  } catch (cause) {
    socket.destroy()
    const message = `Redis at ${place.shown} cannot be used: ${(cause as Error).message}`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', cause })
  }
}

interface Place {
  readonly address: { host: string; port: number } | { path: string }
  readonly isSecure: boolean
  readonly host: string
  /** The address, without the password. */
  readonly shown: string
  /** The commands to send first. */
  readonly greeting: readonly string[][]
}

function readPlace(redis: string): Place {
  if (redis.startsWith('/')) {
    return { address: { path: redis }, isSecure: false, host: '', shown: redis, greeting: [] }
  }
  if (!/^rediss?:\/\//i.test(redis) || !URL.canParse(redis)) {
    const message = 'redis: give a redis:// or rediss:// URL, or the path of a socket'
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'redis' })
  }
  const { protocol, hostname, port, username, password, pathname } = new URL(redis)
  const host = hostname.replace(/^\[|\]$/g, '') || '127.0.0.1'
  const address = { host, port: Number(port || 6379) }
  const user = username === '' ? [] : [decodeURIComponent(username)]
  const greeting = [
    ...(password === '' ? [] : [['AUTH', ...user, decodeURIComponent(password)]]),
    ...(pathname.length > 1 ? [['SELECT', pathname.slice(1)]] : []),
  ]
  return { address, isSecure: protocol === 'rediss:', host, shown: `${host}:${address.port}`, greeting }
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

/** Reads one RESP reply that starts at `from`; null while it is incomplete. */
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
