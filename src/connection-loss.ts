import { EverybeatError } from './errors.js'

/** The messages of ioredis and of the nodes of a Cluster when a node does not answer, or when its slots have no node. */
const LOST =
  /^(CLUSTERDOWN|MASTERDOWN|LOADING)|connection is closed|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|too many cluster redirections|failed to refresh slots|max retries per request|command timed out|stream isn't writeable/i

/** Whether a command was rejected because its server did not answer, and not because of the command itself. */
export function isConnectionLoss(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof EverybeatError) && LOST.test(error.message)
}

/**
 * Turns the error of a server that does not answer into an {@link EverybeatError} that names the request; gives any other error
 * unchanged.
 */
export function nameConnectionLoss(error: unknown, what: string): unknown {
  if (!isConnectionLoss(error)) return error
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', `Redis did not answer \`${what}\`: ${error.message}`, {
    cause: error,
  })
}
