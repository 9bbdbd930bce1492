import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** A lease that a run holds: its key, and the token that it was taken with. */
export interface HeldLease {
  readonly key: string
  readonly token: string
}

/** `lost`: the lease is gone, or another run has it. */
export type ExtendOutcome = 'extended' | 'lost'

/** The most leases in one call: more would hold up Redis for longer than a millisecond. */
const MAX_LEASES = 500

/**
 * Sets the TTL of leases anew, each only if it still holds its token, as redlock does it. All are of one shard. Retries
 * are the caller's: it knows how long trust lasts.
 *
 * @returns an outcome for each lease, in their order
 * @throws whatever the connection throws: then nothing is known of any of them
 */
export async function extendLeases(
  client: RedisClient,
  leases: readonly HeldLease[],
  leaseMs: number,
): Promise<ExtendOutcome[]> {
  const calls: Promise<number[]>[] = []
  for (let first = 0; first < leases.length; first += MAX_LEASES) {
    const [head, ...others] = leases.slice(first, first + MAX_LEASES) as [HeldLease, ...HeldLease[]]
    const held = [head.token, ...others.flatMap(({ key, token }) => [key, token])]
    calls.push(
      runScript(client, 'extend-leases', { keys: { lease: head.key }, args: { lease_ms: leaseMs }, rest: held }),
    )
  }
  const replies = await Promise.all(calls)
  return replies.flat().map((extended) => (extended === 1 ? 'extended' : 'lost'))
}
