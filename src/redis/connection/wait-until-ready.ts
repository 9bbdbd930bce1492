import { EverybeatError } from '../../errors.js'
import { listenTo, stopListening } from './client-events.js'
import { addressOf } from './address.js'
import { adviceFor } from './permanent-errors.js'
import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

const SILENT = () => {}

/** Why a wait failed: `refused` for a permanent error. */
type Failure = 'refused' | 'closed' | 'timeout'

/**
 * Waits until the client is ready.
 *
 * @param field the option that holds the address
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after `timeoutMs`, or as soon as a certificate, user or password is
 *   refused, with the last error of the connection as cause
 */
export async function waitUntilReady(
  client: RedisClient,
  time: TimeSource,
  timeoutMs: number,
  field = 'redis',
): Promise<void> {
  if (client.status === 'ready') return
  if (client.status === 'wait') client.connect().catch(SILENT)
  await new Promise<void>((resolve, reject) => {
    let lastError: unknown
    let hasConnected = false
    const fail = (kind: Failure) => finish(() => reject(describeFailure(kind)))
    const onError = (error: unknown) => {
      lastError = withoutCommand(error)
      if (adviceFor(lastError) !== null) fail('refused')
    }
    const onReady = () => finish(resolve)
    const onConnect = () => (hasConnected = true)
    const onEnd = () => fail('closed')
    const timer = time.setTimeout(() => fail('timeout'), timeoutMs)
    function describeFailure(kind: Failure): EverybeatError {
      const where = `Redis at ${addressOf(client)}`
      const said = lastError instanceof Error ? `: ${lastError.message}` : ''
      const hint = hintFor(hasTls(client), hasConnected, lastError)
      const message =
        kind === 'refused'
          ? `${where} and this client refuse each other${said}. ${adviceFor(lastError)}`
          : kind === 'closed'
            ? `the connection to ${where} was closed${said}`
            : `${where} was not reachable within ${timeoutMs} ms${said}${hint}. Check that it runs, and the \`${field}\` option`
      const cause = lastError === undefined ? {} : { cause: lastError }
      return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field, ...cause })
    }
    function finish(settle: () => void) {
      time.clearTimeout(timer)
      stopListening(client, 'error', onError)
      stopListening(client, 'ready', onReady)
      stopListening(client, 'connect', onConnect)
      stopListening(client, 'end', onEnd)
      settle()
    }
    listenTo(client, 'error', onError)
    listenTo(client, 'connect', onConnect)
    listenTo(client, 'ready', onReady)
    listenTo(client, 'end', onEnd)
  })
}

/** The error for a further connection that was not ready in time. */
export function unreachable(client: RedisClient, what: string, lastError: unknown): EverybeatError {
  const said = lastError instanceof Error ? `: ${lastError.message}` : ''
  const cause = lastError === undefined ? {} : { cause: lastError }
  const advice = 'Check how many clients the server allows (`maxclients`): a worker needs up to five connections'
  const message = `Redis at ${addressOf(client)}: ${what}${said}. ${advice}`
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', ...cause })
}

/** Longest wait for a refusal of a node, ms. */
const VERDICT_MS = 2_000

/**
 * Waits until a node answers or cannot be reached; an unreachable node may return later and is no error.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when the node refuses a certificate, user or password, which is
 *   permanent
 */
export async function refuseWrongNode(client: RedisClient, time: TimeSource, field: string): Promise<void> {
  const gone = new Promise<void>((resolve) => client.once('close', () => void time.setImmediate(resolve)))
  const ready = waitUntilReady(client, time, VERDICT_MS, field).catch((error: unknown) => {
    if (error instanceof EverybeatError && adviceFor(error.cause) !== null) throw error
  })
  await Promise.race([ready, gone])
  ready.catch(SILENT)
}

/** The error of a connection without its command, which may hold the password. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error
  const { command: _command, ...rest } = error as Error & { command: unknown }
  return Object.assign(new Error(error.message), rest, { name: error.name, stack: error.stack })
}

function hasTls(client: RedisClient): boolean {
  return 'nodes' in client || Boolean(client.options.tls)
}

/** The hint for a time-out that is typical of TLS on one side only, or of a full server. */
function hintFor(isTls: boolean, hasConnected: boolean, lastError: unknown): string {
  if (hasConnected && !isTls) {
    return '. The server accepts the connection but does not answer, as a TLS port does for a redis:// URL, and as a server at its `maxclients` does'
  }
  if (isTls && !hasConnected && lastError === undefined) return '. A port without TLS does not answer a rediss:// URL'
  return ''
}
