import { EverybeatError, parseDuration, type Duration, type Run } from '../index.js'
import { readAnswer } from './answer.js'
import { checkSecret, signRequest } from './sign.js'

/** Options of {@link webhook}. A field that is `undefined` means its default. */
export interface WebhookOptions {
  /** Signs each request by Standard Webhooks; default: not signed. Needs the package `standardwebhooks`. */
  secret?: string | undefined
  /** Longest wait for the complete answer; default 30 s. */
  timeout?: Duration | undefined
  /** More headers, an `authorization` for example. */
  headers?: Readonly<Record<string, string>> | undefined
}

/** The result of the run: the part of the answer that is kept. */
export interface WebhookResult {
  /** The HTTP status of the answer: 200 to 299. */
  readonly status: number
  /**
   * The body: parsed if its content type is JSON, otherwise text; for a longer body the first 3 900 characters as text.
   */
  readonly body: unknown
}

const DEFAULT_TIMEOUT = '30s'
const OPTION_NAMES = ['secret', 'timeout', 'headers']

/**
 * Creates a handler that sends each run to a URL by `POST`. An answer of 2xx is a success. So a worker in Node.js can
 * run tasks of services in any language.
 *
 * The body is `{ type: 'everybeat.run', timestamp, data }`; `data` holds the fields of the run. The headers
 * `webhook-id` and `idempotency-key` are the id of the run: the same for every attempt and rerun, so that the receiver
 * can recognise a repeated request. `everybeat-fence` grows with each claim. Redirects are not followed.
 *
 * Any other answer, no answer in time, and no connection fail the run; then the retries of the schedule apply.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong URL or option; a run fails with `ERR_EVERYBEAT_WEBHOOK`
 */
export function webhook(url: string | URL, options: WebhookOptions = {}): (run: Run) => Promise<WebhookResult> {
  const target = checkUrl(url)
  const unknown = Object.keys(options).find((key) => !OPTION_NAMES.includes(key))
  if (unknown !== undefined) throw refuse('options', unknown, `only ${OPTION_NAMES.join(', ')}`)
  const { secret, headers = {} } = options
  if (secret !== undefined) checkSecret(secret)
  const timeoutMs = parseDuration(options.timeout ?? DEFAULT_TIMEOUT, 'timeout', { minMs: 1, maxMs: 2 ** 31 - 1 })
  return async (run) => {
    const id = toHeader(run.id)
    const body = JSON.stringify(describe(run))
    const signature = secret === undefined ? {} : await signRequest(secret, { id, at: new Date(), body })
    const timeout = AbortSignal.timeout(timeoutMs)
    const answer = await fetch(target, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([run.signal, timeout]),
      body,
      headers: {
        'user-agent': 'everybeat',
        ...headers,
        'content-type': 'application/json',
        'idempotency-key': id,
        'everybeat-fence': String(run.fence),
        'everybeat-attempt': String(run.attempt),
        ...signature,
      },
    })
      .then(readAnswer)
      .catch((cause: unknown) => {
        run.signal.throwIfAborted()
        const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : describeFailure(cause)
        throw new EverybeatError('ERR_EVERYBEAT_WEBHOOK', `${origin(target)}: ${why}`, { cause })
      })
    if (answer.status >= 200 && answer.status < 300) return answer
    const message = `${origin(target)} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`
    throw new EverybeatError('ERR_EVERYBEAT_WEBHOOK', message, { value: answer.status })
  }
}

function describe(run: Run): object {
  const { id, schedule, task, payload, scheduledAt, startedAt, attempt, fence, missed, catchUp, manual } = run
  const data = { id, schedule, task, payload, scheduledAt, startedAt, attempt, fence, missed, catchUp, manual }
  return { type: 'everybeat.run', timestamp: scheduledAt, data }
}

/**
 * Names may hold any character, headers only visible ASCII. The escape character is escaped too, so two runs never
 * share an id.
 */
function toHeader(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/gu, encodeURIComponent)
}

/** The part of a URL that messages show: a URL may hold a password or a token. */
function origin(url: URL): string {
  return `webhook to ${url.origin}`
}

function describeFailure(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? String(error)
}

function checkUrl(url: unknown): URL {
  const text = url instanceof URL ? url.href : url
  if (typeof text === 'string' && URL.canParse(text)) {
    const parsed = new URL(text)
    if (/^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '') return parsed
  }
  throw refuse('url', typeof text === 'string' ? text.replace(/\/\/.*@/, '//***@') : url, ALLOWED_URL)
}

const ALLOWED_URL = 'an http:// or https:// URL without a user name and password; put those into headers'

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  const message = `${field}: ${JSON.stringify(value) ?? String(value)} cannot be used; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}
