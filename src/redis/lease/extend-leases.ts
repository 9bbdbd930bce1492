import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** A lease that a run holds: its key and its token. */
export interface HeldLease {
  readonly key: string
  readonly token: string
}

/** `lost`: the lease has ended, or another run holds it. */
export type ExtendOutcome = 'extended' | 'lost'

/** Most leases in one call: more would block Redis for longer than a millisecond. */
const MAX_LEASES = 500

/**
 * Extends leases of one shard, each only if its key still holds its token, as redlock does. The caller retries, because
 * it knows how long trust lasts.
 *
 * @returns an outcome for each lease, in their order
 * @throws the error of the connection; then the outcome of each lease is unknown
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
