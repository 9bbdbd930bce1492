import { EverybeatError } from './errors.js'

/** What ioredis and the nodes of a Cluster say where a node is gone, or its slots have no node. */
const GONE =
  /^(CLUSTERDOWN|MASTERDOWN|LOADING)|connection is closed|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|too many cluster redirections|failed to refresh slots|max retries per request|command timed out|stream isn't writeable/i

/** Whether a command was rejected because its server is gone, and not because of what it asked for. */
export function isConnectionLoss(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof EverybeatError) && GONE.test(error.message)
}

/** The error of a server that is gone as one of Everybeat's own, which names what was asked for; any other error as it is. */
export function nameConnectionLoss(error: unknown, what: string): unknown {
  if (!isConnectionLoss(error)) return error
  return new EverybeatError('ERR_EVERYBEAT_CONNECTION', `Redis did not answer \`${what}\`: ${error.message}`, {
    cause: error,
  })
}
