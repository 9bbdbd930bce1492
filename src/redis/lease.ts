import Redlock, { Lock } from 'redlock'
import type { RedisClient } from './script-runner.js'

/** Extends and gives back leases that the claim script set; redlock does the work, on one node or on a quorum. */
export interface LeaseClient {
  /**
   * Sets the TTL of a lease anew if it still holds the token.
   *
   * @returns `extended`, or `lost` when the lease is gone or somebody else's
   * @throws whatever the connection throws: then nothing is known
   */
  tryExtend(key: string, token: string, leaseMs: number): Promise<'extended' | 'lost'>
  /** Gives a lease back if it still holds the token; a lease that is gone already is no error. */
  release(key: string, token: string): Promise<void>
}

/** Thrown by redlock when the votes do not make a quorum; the votes say why. */
interface Refusal extends Error {
  attempts: readonly Promise<{ votesAgainst: Map<unknown, Error> }>[]
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'ExecutionError' && 'attempts' in error
}

/** Creates the lease client of a connection. Retries are the caller's: it knows how long trust lasts. */
export function createLeaseClient(client: RedisClient): LeaseClient {
  const redlock = new Redlock([client], { retryCount: 0 })
  return {
    async tryExtend(key, token, leaseMs) {
      try {
        await redlock.extend(new Lock(redlock, [key], token, [], Number.MAX_SAFE_INTEGER), leaseMs)
        return 'extended'
      } catch (error) {
        if (!isRefusal(error)) throw error
        const stats = await error.attempts.at(-1)
        for (const reason of stats?.votesAgainst.values() ?? []) {
          if (reason.name !== 'ResourceLockedError') throw reason
        }
        return 'lost'
      }
    },
    async release(key, token) {
      await redlock.release(new Lock(redlock, [key], token, [], 0)).catch((error: unknown) => {
        if (!isRefusal(error)) throw error
      })
    },
  }
}
