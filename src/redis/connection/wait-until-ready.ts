import { EverybeatError } from '../../errors.js'
import { listenTo, stopListening } from './client-events.js'
import { addressOf } from './address.js'
import { adviceFor } from './permanent-errors.js'
import type { RedisClient } from '../redis-client.js'
import type { TimeSource } from '../../time-source.js'

const SILENT = () => {}

/** Why waiting is over: `refused` for what no waiting mends. */
type Failure = 'refused' | 'closed' | 'timeout'

/**
 * Waits until the client is ready.
 *
 * @param field the option that says where to connect to
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

/** The error for a connection beside the first one that could not be made in time. */
export function unreachable(client: RedisClient, what: string, lastError: unknown): EverybeatError {
  const said = lastError instanceof Error ? `: ${lastError.message}` : ''
  const cause = lastError === undefined ? {} : { cause: lastError }
  const advice = 'Check how many clients the server takes (`maxclients`): a worker needs up to five connections'
  const message = `Redis at ${addressOf(client)}: ${what}${said}. ${advice}`
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', message, { field: 'redis', ...cause })
}

/** So long a node may take to show that it refuses, ms. */
const VERDICT_MS = 2_000

/**
 * Waits until a node answers, or cannot be reached for now: then it may come back later, and does without.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when it refuses a certificate, user or password: no waiting mends that
 */
export async function refuseWrongNode(client: RedisClient, time: TimeSource, field: string): Promise<void> {
  const gone = new Promise<void>((resolve) => client.once('close', () => void time.setImmediate(resolve)))
  const ready = waitUntilReady(client, time, VERDICT_MS, field).catch((error: unknown) => {
    if (error instanceof EverybeatError && adviceFor(error.cause) !== null) throw error
  })
  await Promise.race([ready, gone])
  ready.catch(SILENT)
}

/** An error of the connection without the command that met it: that may be the password. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error
  const { command: _command, ...rest } = error as Error & { command: unknown }
  return Object.assign(new Error(error.message), rest, { name: error.name, stack: error.stack })
}

function hasTls(client: RedisClient): boolean {
  return 'nodes' in client || Boolean(client.options.tls)
}

/** What a timeout looks like when one side speaks TLS and the other does not. */
function hintFor(isTls: boolean, hasConnected: boolean, lastError: unknown): string {
  if (hasConnected && !isTls) {
    return '. It takes the connection but does not answer; a port for TLS does so to a redis:// URL, and so does a server that has reached its `maxclients`'
  }
  if (isTls && !hasConnected && lastError === undefined) return '. A port without TLS keeps silent to a rediss:// URL'
  return ''
}
