import { EverybeatError } from '../index.js'

/** Most characters of an answer that are read. */
const MAX_BODY = 2_000

/** The error for an answer without success; `isFinal`: the same request would get the same answer again. */
export class RefusedError extends EverybeatError {
  readonly isFinal: boolean

  constructor(message: string, isFinal: boolean, cause?: unknown) {
    super('ERR_EVERYBEAT_MONITOR', message, { cause })
    this.isFinal = isFinal
  }
}

/**
 * Sends a request and gives the begin of the answer's text. Messages show the host and the status, never the path,
 * which holds the key.
 *
 * @throws RefusedError for any answer but 2xx, without an answer in time, and without a connection
 */
export async function request(url: URL, signal: AbortSignal, init: RequestInit = {}): Promise<string> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      ...init,
      signal,
      headers: { 'user-agent': 'everybeat', ...init.headers },
    })
    text = await readStart(response)
  } catch (cause) {
    throw new RefusedError(`${url.origin}: ${signal.aborted ? 'no answer in time' : 'no connection'}`, false, cause)
  }
  const { status } = response
  if (status >= 200 && status < 300) return text
  const isFinal = status < 500 && status !== 408 && status !== 429
  throw new RefusedError(`${url.origin} answered ${status}: ${JSON.stringify(text.slice(0, 200))}`, isFinal)
}

async function readStart({ body }: Response): Promise<string> {
  if (body === null) return ''
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (text.length < MAX_BODY) {
    const { done, value } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
  await reader.cancel()
  return text.slice(0, MAX_BODY)
}

/**
 * Checks the base URL of a service, with a default; a path is kept.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function checkBase(value: unknown, field: string): string {
  const text = String(value)
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '')
  const message = `${field}: allowed: an http:// or https:// URL`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field })
}

/**
 * Checks a key or a token, which no message shows.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function checkKey(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: allowed: a text of visible ASCII`, { field })
}

/** Describes an event in one line. */
export function describeEvent(event: {
  kind: string
  reason?: string
  count?: number
  error?: { name: string; message: string }
}): string {
  const { kind, reason, count, error } = event
  const what = `${kind}${reason === undefined ? '' : ` (${reason})`}${(count ?? 1) > 1 ? ` ×${count}` : ''}`
  return error ? `${what}: ${error.name}: ${error.message}`.slice(0, 1_000) : what
}
