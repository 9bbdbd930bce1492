/** What ioredis and the nodes of a Cluster say where a node is gone, or its slots have no node. */
const GONE =
  /^(CLUSTERDOWN|MASTERDOWN|LOADING)|connection is closed|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|too many cluster redirections|failed to refresh slots|max retries per request|command timed out|stream isn't writeable/i

/** Whether a command was rejected because its server is gone, and not because of what it asked for. */
export function isConnectionLoss(error: unknown): error is Error {
  return error instanceof Error && GONE.test(error.message)
}
