import { EverybeatError } from '../errors.js'
import { explainServerError } from './connection/server-errors.js'
import { createKeys } from './keys.js'
import type { RedisClient } from './redis-client.js'
import { runScript } from './scripts/run-script.js'

/** The layout of the keys that this version reads and writes. */
export const LAYOUT = '1'

/** The stored layout and number of shards under a prefix; null for a missing one. */
export interface FoundLayout {
  readonly layout: string | null
  /** The number of shards, or `resharding <from> <to>`. */
  readonly shards: string | null
}

/** The layout that an instance expects under its prefix. */
export interface ExpectedLayout {
  readonly prefix: string
  readonly shards: number
}

/**
 * Checks that a stored layout is the expected one; a missing one is accepted.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_LAYOUT` that names the stored layout and the remedy
 */
export function assertLayout({ prefix, shards }: ExpectedLayout, found: FoundLayout): void {
  const named = JSON.stringify(prefix)
  if (found.layout !== null && found.layout !== LAYOUT) {
    const isOlder = Number(found.layout) < Number(LAYOUT)
    const advice = isOlder ? 'run the version that wrote them, or use another prefix' : 'upgrade, or use another prefix'
    const message = `the keys under prefix ${named} have layout ${found.layout}, this version knows layout ${LAYOUT}: ${advice}`
    throw new EverybeatError('ERR_EVERYBEAT_LAYOUT', message, { field: 'prefix', value: prefix })
  }
  const change = /^resharding (\d+) (\d+)$/.exec(found.shards ?? '')
  if (change) {
    const message = `shards: the fleet of prefix ${named} is being moved from ${change[1]} to ${change[2]}: wait until it ends, or complete it with \`everybeat reshard ${change[2]}\``
    throw new EverybeatError('ERR_EVERYBEAT_LAYOUT', message, { field: 'shards', value: shards })
  }
  if (found.shards !== null && found.shards !== String(shards)) {
    const message = `shards: ${shards} cannot be used; allowed: ${found.shards}, the shards of the fleet with prefix ${named}`
    throw new EverybeatError('ERR_EVERYBEAT_LAYOUT', message, { field: 'shards', value: shards })
  }
}

/** Reads the layout from the key that fleets of any number of shards read. Writes nothing. */
export async function readLayout(client: RedisClient, prefix: string): Promise<FoundLayout> {
  const { meta } = createKeys(prefix, 0, 1)
  const [layout, shards, resharding] = await client
    .hmget(meta, 'layout', 'shards', 'resharding')
    .catch((error: unknown) => {
      throw explainServerError(error, client)
    })
  return { layout: layout ?? null, shards: resharding ? `resharding ${resharding}` : (shards ?? null) }
}

/**
 * Stores the number of shards in that key, unless another instance has done so.
 *
 * @param generation the name for the dataset if it has none yet
 * @throws EverybeatError `ERR_EVERYBEAT_LAYOUT` when another instance has stored another number
 */
export async function agreeOnLayout(client: RedisClient, expected: ExpectedLayout, generation: string): Promise<void> {
  const { meta, names, wake } = createKeys(expected.prefix, 0, 1)
  const args = { channel: wake, generation, shards: expected.shards }
  const [layout, shards] = await runScript(client, 'agree-layout', { keys: { meta, names }, args })
  assertLayout(expected, { layout, shards })
}
