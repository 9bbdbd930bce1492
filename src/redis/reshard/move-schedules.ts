import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript, runScriptOnBytes } from '../scripts/run-script.js'

/** Most schedules in one call, and the bytes after which a call packs no further schedule. */
const CALL_COUNT = 50
const CALL_BYTES = 1024 * 1024
/** Most index members in one call: Lua passes some 8 000 values at once. */
const CALL_MEMBERS = 2_000
/** Most tries to move a schedule that is edited at the same time. */
const MAX_TRIES = 100

interface Bundle {
  readonly name: string
  readonly checksum: string
  readonly keys: readonly [Buffer, Buffer, number][]
  readonly members: readonly [Buffer, Buffer, Buffer][]
}

/**
 * Moves schedules with all that belongs to them from one shard to others: each is written to its new shard first, and
 * then removed from the old one unless it has changed. An interrupted call can be repeated: nothing is lost and nothing
 * is stored twice.
 *
 * @param keysOf the keys of a schedule's new shard
 */
export async function carrySchedules(
  client: RedisClient,
  source: Keys,
  names: readonly string[],
  keysOf: (name: string) => Keys,
): Promise<void> {
  let open = [...names]
  for (let tries = 0; open.length > 0;) {
    const bundles = await pack(client, source, open.slice(0, CALL_COUNT))
    await Promise.all(bundles.map((bundle) => unpack(client, keysOf(bundle.name), bundle)))
    const outcomes = await drop(client, source, bundles)
    const changed = bundles.filter((_, index) => outcomes[index] === 'changed').map(({ name }) => name)
    tries = changed.length === bundles.length ? tries + 1 : 0
    if (tries > MAX_TRIES) throw new Error(`schedule ${JSON.stringify(changed[0])} changes all the time`)
    open = [...open.slice(bundles.length), ...changed]
  }
}

async function pack(client: RedisClient, { names, tag }: Keys, given: readonly string[]): Promise<Bundle[]> {
  const raw = await runScriptOnBytes(client, 'pack-schedules', {
    keys: { names },
    args: { tag, most: CALL_BYTES },
    rest: given,
  })
  return raw.map(([name, checksum, keys, members]) => ({
    name: name.toString(),
    checksum: checksum.toString(),
    keys,
    members,
  }))
}

async function unpack(client: RedisClient, { names, tag }: Keys, { keys, members }: Bundle): Promise<void> {
  const send = (keyCount: number, parts: readonly (readonly (Buffer | number)[])[]) =>
    runScriptOnBytes(client, 'unpack-schedule', {
      keys: { names },
      args: { tag, key_count: keyCount },
      rest: parts.flat(),
    })
  // The members include the name, so the new shard lists the schedule only after its keys exist.
  await send(
    keys.length,
    keys.map(([key, dump, left]) => [key, dump, left]),
  )
  for (let start = 0; start < members.length; start += CALL_MEMBERS) {
    await send(0, members.slice(start, start + CALL_MEMBERS))
  }
}

async function drop(client: RedisClient, { names, tag }: Keys, bundles: readonly Bundle[]): Promise<string[]> {
  const groups = bundles.flatMap(({ name, checksum }) => [name, checksum])
  return await runScript(client, 'drop-schedules', { keys: { names }, args: { tag }, rest: groups })
}
