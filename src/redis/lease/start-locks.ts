import Redlock, { type Lock } from 'redlock'
import type { RedisClient } from '../redis-client.js'
import type { TimeSource, Timer } from '../../time-source.js'

/** Thrown by redlock when the votes do not make a quorum; the votes say why. */
interface Refusal extends Error {
  attempts: readonly Promise<{ votesAgainst: Map<unknown, Error> }>[]
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'ExecutionError' && 'attempts' in error
}

/** Remembers on a quorum of independent nodes which deliveries were started: what one Redis forgets, they do not. */
export interface StartLocks {
  /**
   * `taken`: this caller may start; `held`: it was started before; `unknown`: too few nodes answered, and nothing
   * is known. Never rejects.
   */
  tryTake(key: string): Promise<'taken' | 'held' | 'unknown'>
  /** Takes it back, for a delivery that was not started after all. Never rejects. */
  giveBack(key: string): Promise<void>
}

/** For so long a start is remembered, ms: failovers and the replays that they cause are over by then. */
const START_MEMORY_MS = 600_000
/** A node that does not answer within this time has no vote, ms. */
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
        // Won too late is not won: it must not stand in the way of the next delivery.
        void taking.then((late) => (late === 'taken' ? this.giveBack(key) : undefined))
      } else {
        // Only what is given back within the next moments is looked up again.
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
