import { onTestFinished } from 'vitest'
import type { Redis } from 'ioredis'
import type { Keys } from '../../src/redis/keys.js'

/** How long one hold lasts, ms: less than 0.9 of a heartbeat, or an election takes the lock for a broken one. */
const HOLD_MS = 4_000
/** Time between two holds, ms. */
const RENEW_MS = 100

/**
 * Takes the lock of the maintenance on these shards, so that no worker is elected until the test has ended: an edit by
 * hand is then found by the definition watch alone, and never by the sweep of the fleet, however long it takes.
 */
export async function holdMaintenance(
  client: Pick<Redis, 'set'>,
  shards: readonly Pick<Keys, 'upkeep'>[],
): Promise<void> {
  const hold = () => Promise.all(shards.map(({ upkeep }) => client.set(upkeep, 'the-test', 'PX', HOLD_MS)))
  await hold()
  const timer = setInterval(() => void hold().catch(() => {}), RENEW_MS)
  onTestFinished(() => clearInterval(timer))
}
