import type { StoredRun } from '../../control/store.js'
import { readRunText } from '../../schedule/stored-run.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../redis-client.js'
import { runScript } from '../scripts/run-script.js'

/** Most runs that one call reads. */
const READ_COUNT = 200

/** The name of the schedule that a run id belongs to; null for what is no run id. */
export function nameOfRun(runId: string): string | null {
  return /^(.*)@-?\d+(#\d+)?$/s.exec(runId)?.[1] ?? null
}

/** An index of runs, and whether its members are run ids (``) or the work of a task queue (`r`). */
type RunSet = readonly [set: string, kind: '' | 'r']

/** Reads the runs of all shards that are running or wait, at most `limit`, page by page. */
export async function readRuns(
  client: RedisClient,
  allKeys: readonly Keys[],
  { state, limit }: { state?: 'running' | 'waiting' | undefined; limit: number },
): Promise<StoredRun[]> {
  const found: StoredRun[] = []
  for (const keys of allKeys) {
    const sets: RunSet[] = state === 'waiting' ? [] : [[keys.running, '']]
    if (state !== 'running') {
      const queues = await client.smembers(keys.lanes)
      sets.push([keys.pending, ''], ...queues.map((queue): RunSet => [keys.lane(queue), 'r']))
    }
    for (const set of sets) found.push(...(await readSet(client, keys, set, limit - found.length)))
  }
  return found
}

async function readSet(client: RedisClient, keys: Keys, [set, kind]: RunSet, limit: number): Promise<StoredRun[]> {
  const found = new Map<string, StoredRun>()
  for (let offset = 0; found.size < limit; offset += READ_COUNT) {
    const args = { tag: keys.tag, offset, count: READ_COUNT, kind }
    const [inspectedCount, ...rest] = await runScript(client, 'read-runs', { runs: set }, args)
    for (let index = 0; index < rest.length && found.size < limit; index += 3) {
      const [runId, due, text] = rest.slice(index, index + 3) as [string, string, string]
      const schedule = nameOfRun(runId)!
      const run = readRunText(text)
      // Any program may have written the state: a text that is no run is left out.
      if (run) found.set(runId, { runId, schedule, run, dueMs: Number(due), running: set === keys.running })
    }
    if (inspectedCount < READ_COUNT) break
  }
  return [...found.values()]
}
