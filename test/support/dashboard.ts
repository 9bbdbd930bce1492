import { expect } from 'vitest'
import type { Dashboard } from '../../src/dashboard/index.js'

/** What a request to the API of a dashboard answered. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  // The tests read the members of the response.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** Headers that every write needs. */
export const WRITE_HEADERS = { 'content-type': 'application/json', 'x-everybeat': '1' }

/** Asks a dashboard, as a program on this machine would. */
export class DashboardClient {
  readonly #dashboard: Pick<Dashboard, 'fetch'>
  readonly #origin: string
  readonly #headers: Record<string, string>

  constructor(dashboard: Pick<Dashboard, 'fetch'>, { origin = 'http://127.0.0.1:4747', headers = {} } = {}) {
    this.#dashboard = dashboard
    this.#origin = origin
    this.#headers = headers
  }

  /** The bare answer to any request. */
  fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    const headers = { ...this.#headers, ...init.headers }
    return this.#dashboard.fetch(new Request(`${this.#origin}${path}`, { ...init, headers }))
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return await read(await this.fetch(`/api/${path}`, { headers }))
  }

  /** A write with all that one needs. */
  async send(
    method: string,
    path: string,
    body: unknown = {},
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const init = { method, body: JSON.stringify(body), headers: { ...WRITE_HEADERS, ...headers } }
    return await read(await this.fetch(`/api/${path}`, init))
  }

  post(path: string, body: unknown = {}): Promise<ApiAnswer> {
    return this.send('POST', path, body)
  }

  /** Writes a new schedule. */
  async create(name: string, definition: object): Promise<void> {
    expect((await this.send('PUT', `schedules/${encodeURIComponent(name)}`, definition)).status).toBe(201)
  }
}

async function read(response: Response): Promise<ApiAnswer> {
  const type = response.headers.get('content-type') ?? ''
  const body = type.includes('json') ? ((await response.json()) as unknown) : await response.text()
  return { status: response.status, headers: response.headers, body }
}

/** One event of a stream. */
export interface StreamedEvent {
  readonly id: string
  readonly type: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any
}

/** Reads a stream of server-sent events as they come. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #text = ''
  /** The id of the last block, also of one without an event. */
  lastId = ''

  constructor(response: Response) {
    this.#reader = response.body!.getReader()
  }

  /** The next event that fits; the test's time-out ends the wait for one that never comes. */
  async next(accepts: (event: StreamedEvent) => boolean = () => true): Promise<StreamedEvent> {
    for (;;) {
      const event = this.#take()
      if (event && accepts(event)) return event
      if (event) continue
      const { done, value } = await this.#reader.read()
      if (done) throw new Error('the stream of events has ended')
      this.#text += new TextDecoder().decode(value)
    }
  }

  /** Reads on until an id has come, without an event. */
  async id(): Promise<string> {
    while (this.lastId === '') {
      if (this.#take()) continue
      const { value } = await this.#reader.read()
      this.#text += new TextDecoder().decode(value)
      this.#take()
    }
    return this.lastId
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }

  #take(): StreamedEvent | null {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end < 0) return null
      const lines = this.#text.slice(0, end).split('\n')
      this.#text = this.#text.slice(end + 2)
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      this.lastId = field('id') ?? this.lastId
      const data = field('data')
      if (data !== undefined) return { id: this.lastId, type: field('event') ?? 'message', data: JSON.parse(data) }
    }
  }
}
