import { EverybeatError, showValue } from '../errors.js'
import { MemoryStore, TcpFront } from '../memory/index.js'

/** Options of {@link startMemoryServer}; all are optional. */
export interface MemoryServerOptions {
  /** TCP port on the loopback; default: a free one. */
  port?: number | undefined
  /**
   * The clock of the server: a function that gives epoch ms, or the instant at which it starts; default: this machine's
   * time.
   */
  now?: (() => number) | Date | number | string | undefined
}

/** A store inside this process that speaks the protocol of Redis. */
export interface MemoryServer extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string
  /** Its port on the loopback. */
  readonly port: number
  /** Closes all connections; the data is lost. Calling it again does nothing. */
  stop(): Promise<void>
}

/**
 * Starts a Redis inside this process, on the loopback: for tests, demonstrations and development, without a server on
 * the machine. Several processes, other languages and `redis-cli` can use it. Its data is lost when this process ends.
 *
 * @example
 * await using server = await startMemoryServer()
 * const beat = new Everybeat({ redis: server.url })
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong option, `ERR_EVERYBEAT_CONNECTION` when the server cannot
 *   listen on the port
 */
export async function startMemoryServer(options: MemoryServerOptions = {}): Promise<MemoryServer> {
  const wanted = options.port ?? 0
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw refuse('port', wanted, 'a whole number from 0 to 65535; 0 is a free one')
  }
  const front = new TcpFront(new MemoryStore(readClock(options.now)))
  const port = await listen(front, wanted)
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => (stopping ??= front.close())
  return { url: `redis://127.0.0.1:${port}`, port, stop, [Symbol.asyncDispose]: stop }
}

async function listen(front: TcpFront, wanted: number): Promise<number> {
  try {
    return await front.listen(wanted)
  } catch (cause) {
    const message = `port: the memory server cannot listen at 127.0.0.1:${wanted} (${(cause as Error).message}); give another one, or 0 for a free one`
    throw new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'port', value: wanted, cause })
  }
}

function readClock(now: MemoryServerOptions['now']): (() => number) | undefined {
  if (now === undefined || typeof now === 'function') return now
  const startMs = new Date(now).getTime()
  if (Number.isNaN(startMs)) throw refuse('now', now, 'an instant, or a function that gives epoch milliseconds')
  const offsetMs = startMs - performance.now()
  return () => offsetMs + performance.now()
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  return new EverybeatError(
    'ERR_EVERYBEAT_OPTIONS',
    `${field}: ${showValue(value)} cannot be used; allowed: ${allowed}`,
    {
      field,
      value,
    },
  )
}
