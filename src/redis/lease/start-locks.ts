import Redlock, { type Lock } from 'redlock'
import type { RedisClient } from '../redis-client.js'
import type { TimeSource, Timer } from '../../time-source.js'

/** The error of redlock without a quorum of votes; the votes hold the reasons. */
interface Refusal extends Error {
  attempts: readonly Promise<{ votesAgainst: Map<unknown, Error> }>[]
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'ExecutionError' && 'attempts' in error
}

/**
 * Stores on a quorum of lock nodes which deliveries were started, so that a data loss of one Redis cannot start a
 * delivery twice.
 */
export interface StartLocks {
  /**
   * Takes a start key. `taken`: the caller may start; `held`: the delivery was started before; `unknown`: too few nodes
   * answered. Never rejects.
   */
  tryTake(key: string): Promise<'taken' | 'held' | 'unknown'>
  /** Releases the start key of a delivery that was not started. Never rejects. */
  giveBack(key: string): Promise<void>
}

/** Time for which a start key is kept, ms: failovers and the repeated claims after them are over by then. */
const START_MEMORY_MS = 600_000
/** Time after which a node without an answer has no vote, ms. */
const VOTE_TIMEOUT_MS = 1_000

/** Creates the start locks of these nodes, an odd number of servers that do not replicate each other. */
export function createStartLocks(clients: readonly RedisClient[], time: TimeSource): StartLocks {
  const redlock = new Redlock(clients, { retryCount: 0 })
  const taken = new Map<string, Lock>()

  async function take(key: string): Promise<'taken' | 'held' | 'unknown'> {
    try {
      taken.set(key, await redlock.acquire([key], START_MEMORY_MS))
      return 'taken'
    } catch (error) {
      if (!isRefusal(error)) return 'unknown'
      const stats = await error.attempts.at(-1)
      const reasons = [...(stats?.votesAgainst.values() ?? [])]
      const locked = reasons.filter(({ name }) => name === 'ResourceLockedError').length
      return locked > clients.length / 2 ? 'held' : 'unknown'
    }
  }

  return {
    async tryTake(key) {
      let timer: Timer | undefined
      const tooLate = new Promise<'unknown'>((resolve) => {
        timer = time.setTimeout(() => resolve('unknown'), VOTE_TIMEOUT_MS)
      })
      const taking = take(key)
      const outcome = await Promise.race([taking, tooLate])
      if (timer) time.clearTimeout(timer)
      if (outcome !== 'taken') {
        // A start key that is won too late is released, so that it does not block the next delivery.
        void taking.then((late) => (late === 'taken' ? this.giveBack(key) : undefined))
      } else {
        // A start key is released soon after it was taken or never, so the entry is dropped after a while.
        time.setTimeout(() => taken.delete(key), VOTE_TIMEOUT_MS * 10).unref()
      }
      return outcome
    },
    async giveBack(key) {
      const lock = taken.get(key)
      taken.delete(key)
      if (lock) await redlock.release(lock).catch(() => {})
    },
  }
}
