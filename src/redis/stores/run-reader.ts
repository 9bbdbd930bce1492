import type { StoredRun } from '../../control/store.js'
import { readRunText } from '../../schedule/stored-run.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'
import type { ShardReach } from './shard-reach.js'

/** Most runs that one call reads. */
const READ_COUNT = 200

/** The name of the schedule of a run id; null for an invalid run id. */
export function nameOfRun(runId: string): string | null {
  return /^(.*)@-?\d+(#\d+)?$/s.exec(runId)?.[1] ?? null
}

/** An index of runs, and whether its members are run ids (``) or the work of a task queue (`r`). */
type RunSet = readonly [set: string, kind: '' | 'r']

/** The parts that reading runs needs. */
export interface RunSource {
  readonly client: RedisClient
  /** The keys of every shard, by index. */
  readonly keys: readonly Keys[]
  readonly reach: ShardReach
}

/** The state of the runs to read, and their greatest number. */
interface RunQuery {
  readonly state?: 'running' | 'waiting' | undefined
  readonly limit: number
}

/**
 * Reads the running and waiting runs of all shards, at most `limit`, page by page. `unreachable` are the indexes of
 * shards that did not answer, whose runs are missing.
 */
export async function readRuns(
  source: RunSource,
  { state, limit }: RunQuery,
): Promise<{ runs: StoredRun[]; unreachable: number[] }> {
  const runs: StoredRun[] = []
  const unreachable: number[] = []
  for (const shard of source.keys.keys()) {
    const found = await readShard(source, shard, { state, limit: limit - runs.length })
    if (found === null) unreachable.push(shard)
    else runs.push(...found)
  }
  return { runs, unreachable }
}

/** The runs of a shard; null when it does not answer. */
async function readShard(source: RunSource, shard: number, { state, limit }: RunQuery): Promise<StoredRun[] | null> {
  const keys = source.keys[shard]!
  const sets: RunSet[] = state === 'waiting' ? [] : [[keys.running, '']]
  if (state !== 'running') {
    const queues = await source.reach.tryAsk(shard, ({ lanes }) => source.client.smembers(lanes))
    if (queues === null) return null
    sets.push([keys.pending, ''], ...queues.map((queue): RunSet => [keys.lane(queue), 'r']))
  }
  const runs: StoredRun[] = []
  for (const set of sets) {
    const found = await readSet(source, shard, set, limit - runs.length)
    if (found === null) return null
    runs.push(...found)
  }
  return runs
}

async function readSet(
  { client, keys: allKeys, reach }: RunSource,
  shard: number,
  [set, kind]: RunSet,
  limit: number,
): Promise<StoredRun[] | null> {
  const { tag, running } = allKeys[shard]!
  const found = new Map<string, StoredRun>()
  for (let offset = 0; found.size < limit; offset += READ_COUNT) {
    const args = { tag, offset, count: READ_COUNT, kind }
    const reply = await reach.tryAsk(shard, () => runScript(client, 'read-runs', { keys: { runs: set }, args }))
    if (reply === null) return null
    const [inspectedCount, ...rest] = reply
    for (let index = 0; index < rest.length && found.size < limit; index += 3) {
      const [runId, due, text] = rest.slice(index, index + 3) as [string, string, string]
      const schedule = nameOfRun(runId)!
      const run = readRunText(text)
      // Any program may have written the state, so an invalid text is ignored.
      if (run) found.set(runId, { runId, schedule, run, dueMs: Number(due), running: set === running })
    }
    if (inspectedCount < READ_COUNT) break
  }
  return [...found.values()]
}
