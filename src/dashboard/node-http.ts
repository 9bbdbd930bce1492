import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Dashboard } from './dashboard.js'
import type { RequestOrigin } from './access/host.js'

/** A request of `node:http`, with the additions of frameworks. */
export type NodeRequest = IncomingMessage & {
  /** The URL with the mount path, which the framework removes from `url`. */
  originalUrl?: string
  /** The result of a body parser. */
  body?: unknown
}

/** Passes a request of `node:http` to a dashboard, and sends the response. Never rejects. */
export async function serve(
  dashboard: Dashboard,
  incoming: NodeRequest,
  outgoing: ServerResponse,
  origin: RequestOrigin = {},
): Promise<void> {
  const closed = new AbortController()
  outgoing.once('close', () => closed.abort())
  const remoteAddress = incoming.socket.remoteAddress
  try {
    const request = toRequest(incoming, closed.signal)
    const response = await dashboard.fetch(request, { ...origin, remoteAddress })
    await send(response, incoming, outgoing)
  } catch {
    // The client has closed the connection, or its bytes are no HTTP request.
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(400).end()
  }
}

function toRequest(incoming: NodeRequest, signal: AbortSignal): Request {
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http'
  const host = incoming.headers.host ?? 'localhost'
  const url = new URL(`${scheme}://${host}`)
  // The path is set separately, so that a path such as //elsewhere stays a path.
  const [path = '/', query] = (incoming.originalUrl ?? incoming.url ?? '/').split(/\?(.*)/s, 2) as [string, string?]
  url.pathname = path
  if (query !== undefined) url.search = query
  const headers = new Headers()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index]!, incoming.rawHeaders[index + 1]!)
  }
  const method = incoming.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers, signal })
  return new Request(url, { method, headers, signal, ...bodyOf(incoming) } as RequestInit)
}

/** The body of a request. A parser that has read the stream leaves its result in `body`, which is serialized again. */
function bodyOf(incoming: NodeRequest): RequestInit & { duplex?: 'half' } {
  const { body } = incoming
  if (Buffer.isBuffer(body)) return { body: new Uint8Array(body) }
  if (typeof body === 'string') return { body }
  if (body !== undefined && body !== null && incoming.readableEnded) return { body: JSON.stringify(body) }
  if (incoming.readableEnded) return {}
  return { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' }
}

async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') outgoing.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
  if (!response.body || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
    return
  }
  // A stream of events ends when the server closes; an open connection after it would keep the server from closing.
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) outgoing.shouldKeepAlive = false
  outgoing.flushHeaders()
  const source = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  outgoing.once('close', () => source.destroy())
  source.on('error', () => outgoing.destroy())
  source.pipe(outgoing)
}
